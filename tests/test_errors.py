"""Everything that is raised."""

from __future__ import annotations

import pickle

import pytest

from smsc_async import errors
from smsc_async._codes import SCRIPT_CODES, codes
from smsc_async.errors import (
    ApiError,
    Attempt,
    AuthenticationFailed,
    BadReply,
    DuplicateMessage,
    InvalidRequest,
    IpBlocked,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SmscError,
    TooManyRequests,
)

ATTEMPT = Attempt("smscentre.com", "connect", 4.0, "no connection within 4 s")
EXAMPLES = [
    InvalidRequest("text", "is empty"),
    errors.ClientClosed("the client was closed"),
    RateLimited("balance.any", 12.5),
    DuplicateMessage("send.identical", 61.0),
    NotSent("nothing was sent"),
    errors.UntrustedHost("nothing was sent"),
    OutcomeUnknown("no answer was read", ("79991234567",)),
    BadReply("not JSON", "$.cost"),
    TooManyRequests(9, "duplicate request, wait a minute", "smscentre.com"),
    *(
        error(code, "some\ntext", "smscentre.com")
        for table in SCRIPT_CODES.values()
        for code, error in table.items()
    ),
]


def test_pickles() -> None:
    """Every error comes out of a pickle as it went in."""
    for error in EXAMPLES:
        error.about(command="send.php", message_id="m1", attempts=(ATTEMPT,))

        copy = pickle.loads(pickle.dumps(error))

        assert type(copy) is type(error)
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)


def test_prints_on_one_line() -> None:
    """Every error says on one line which command, message and host it is about, and no phone."""
    for error in EXAMPLES:
        error.about(command="send.php", message_id="m1", attempts=(ATTEMPT,), docs="https://docs")

        text = str(error)

        assert "\n" not in text
        assert text.startswith("send.php: ")
        facts = "[message id m1; smscentre.com connect 4.00s no connection within 4 s]"
        assert text.removesuffix(" (https://docs)").endswith(facts)
        assert "79991234567" not in text


def test_the_vendors_page_is_named_where_the_service_has_refused() -> None:
    """A link follows what the service or its limits have said, and nothing that was found here."""
    page = "https://smscentre.com/api/http/send/"
    linked = {type(error).__name__ for error in EXAMPLES if page in str(error.about(docs=page))}

    assert {"RateLimited", "DuplicateMessage", "OutcomeUnknown", "InvalidNumber"} <= linked
    assert linked.isdisjoint({"InvalidRequest", "NotSent", "UntrustedHost"})
    assert str(errors.JournalError("is gone")) == "is gone"
    assert str(InvalidRequest("text", "is empty")) == "text: is empty"


def test_a_duplicate_says_when_it_may_be_sent() -> None:
    """A duplicate is explained without the limit's name; that is in `rule`."""
    error = DuplicateMessage("send.identical", 57.2)

    assert "less than a minute ago; the service takes it again in 58 s" in str(error)
    assert "send.identical" not in str(error)
    assert error.rule == "send.identical"


def test_first_word_counts() -> None:
    """What an error knows already is not overwritten by those who handle it later."""
    error = NotSent("nothing was sent").about(command="balance.php")

    error.about(command="send.php", message_id="m1")

    assert (error.command, error.message_id) == ("balance.php", "m1")


@pytest.mark.parametrize(
    ("text", "repeated", "concurrent"),
    [
        ("duplicate request, wait a minute", True, False),
        ("too many concurrent requests", False, True),
        ("something new", True, True),
    ],
)
def test_two_kinds_of_error_nine(text: str, *, repeated: bool, concurrent: bool) -> None:
    """The words of error 9 tell the kinds apart; other words may mean either."""
    error = TooManyRequests(9, text)

    assert (error.repeated, error.concurrent) == (repeated, concurrent)
    assert isinstance(error, RateLimited)


def test_one_code_many_meanings() -> None:
    """The same number is a different error in different scripts."""
    meanings = {script: table[3].__name__ for script, table in SCRIPT_CODES.items() if 3 in table}

    assert meanings["send.php"] == "InsufficientFunds"
    assert meanings["templates.php"] == "NotFound"
    assert meanings["jobs.php"] == "OperationFailed"
    assert len(SCRIPT_CODES) == 17


def test_codes_of_every_script() -> None:
    """Every script knows the codes that its documentation lists, and no others."""
    own = {script: sorted(set(table) - {1, 2, 4, 9}) for script, table in SCRIPT_CODES.items()}

    assert own == {
        "send.php": [3, 5, 6, 7, 8, 10],
        "templates.php": [3, 5],
        "op_templates.php": [],
        "ping.php": [3],
        "jobs.php": [3, 5],
        "status.php": [5],
        "balance.php": [],
        "phones.php": [3, 5],
        "mails.php": [3, 5],
        "users.php": [3, 5, 6, 7, 8, 10],
        "documents.php": [5, 6, 7],
        "senders.php": [3, 5, 7, 8, 10, 11],
        "get.php": [3],
        "info.php": [3],
        "tinyurls.php": [3],
        "receive_phones.php": [3],
        "wait_call.php": [3, 5],
    }
    for table in SCRIPT_CODES.values():
        assert (table[2], table[4], table[9]) == (AuthenticationFailed, IpBlocked, TooManyRequests)


def test_a_code_has_one_meaning_per_script() -> None:
    """A table that gives a code two meanings cannot be made."""
    with pytest.raises(ValueError, match="code 2 is already AuthenticationFailed"):
        codes(e2=NotFound)


def test_tree() -> None:
    """Everything is an SmscError; bad input is a ValueError and a closed client a RuntimeError."""
    classes = [getattr(errors, name) for name in errors.__all__ if name != "Attempt"]

    assert all(issubclass(cls, SmscError) for cls in classes)
    assert issubclass(InvalidRequest, ValueError)
    assert issubclass(errors.ClientClosed, RuntimeError)
    assert issubclass(DuplicateMessage, RateLimited)
    assert issubclass(TooManyRequests, ApiError)
    assert all(cls.__name__ in (errors.__doc__ or "") for cls in classes)


def test_attempts_that_ended_alike_are_told_once() -> None:
    """A line that says the same eight times helps nobody."""
    tries = [Attempt(host, "connect", 0.5, "no route") for host in ("main", "backup", "main")]
    error = NotSent("nothing was sent").about(attempts=tuple(tries))

    assert "[main connect 0.50s no route (and 1 times before); backup connect" in str(error)
    assert str(NotSent("no route").about(attempts=(tries[0],))) == "no route [main connect 0.50s]"
