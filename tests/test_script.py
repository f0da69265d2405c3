"""The commands of one script."""

from __future__ import annotations

from smsc_async._command import Command, Repeat
from smsc_async._convert import acknowledged
from smsc_async._limits import RULES
from smsc_async._script import Script

RULE, OTHER = RULES["phones.identical"], RULES["users.add"]
SCRIPT = Script("phones.php", "https://smscentre.com/api/http/contact/", (RULE,))


def test_reading() -> None:
    """A command that reads may be repeated, and has the page and the limits of its script."""
    assert SCRIPT.reading("get", acknowledged) == Command(
        "phones.php",
        acknowledged,
        flag={"get": "1"},
        rules=(RULE,),
        repeat=Repeat.ALWAYS,
        docs="https://smscentre.com/api/http/contact/",
    )


def test_changing() -> None:
    """A command that changes something is not repeated when its answer is lost."""
    command = SCRIPT.changing("move_group", acknowledged, value="2")

    assert command.repeat is Repeat.UNSENT
    assert command.flag == {"move_group": "2"}
    assert command.rules == (RULE,)


def test_limits_of_its_own() -> None:
    """A command's own limits stand in place of those of its script, also where it has none."""
    assert SCRIPT.changing("add", acknowledged, rules=(OTHER,)).rules == (OTHER,)
    assert SCRIPT.reading("get", acknowledged, rules=()).rules == ()
