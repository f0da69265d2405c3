"""Captchas."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any

import pytest
from clocks import InstantClock
from service import InProcess, ScriptedExchange, caller, failure

from smsc_async import ApiError, AuthenticationFailed, BadReply, InvalidRequest
from smsc_async.groups.alerts import Alerts
from smsc_async.groups.captcha import Captcha
from smsc_async.sandbox import Sandbox
from smsc_async.sandbox.scripts.imgcode import Shelf
from smsc_async.transport import Sent

pytestmark = pytest.mark.anyio

HOST = "https://smscentre.com"
GIF = b"GIF89a\x32\0\x12\0"


def scripted(*replies: object) -> Captcha:
    return Captcha(caller(ScriptedExchange(*replies)), HOST)


async def test_address() -> None:
    """The address is the documented one; any number makes it another one, and nobody is asked."""
    captcha = scripted()
    assert captcha.url() == "https://smscentre.com/sys/imgcode.php?1.1"
    assert captcha.url(7) == "https://smscentre.com/sys/imgcode.php?7"
    assert captcha.url("1.11") == "https://smscentre.com/sys/imgcode.php?1.11"


@pytest.mark.parametrize("number", ["", "1&login=x", "a", -1, True, None])
async def test_no_number(number: Any) -> None:
    """What is not of digits and dots is refused."""
    with pytest.raises(InvalidRequest) as caught:
        scripted().url(number)
    assert caught.value.field == "number"


async def test_pictures() -> None:
    """Each picture is a new one, of the size that the page shows."""
    service = InProcess(InstantClock())
    captcha = Captcha(caller(service), HOST)

    first, second = await captcha.image(), await captcha.image()

    assert first[16:24] == bytes((0, 0, 0, 50, 0, 0, 0, 18))
    assert first != second
    assert service.account.shelf(Shelf).codes == ["1009", "4580"]
    start = first.index(b"IDAT") + 4
    pixels = zlib.decompress(first[start : first.index(b"IEND") - 8])
    # The row at the top of the digits: a one, two noughts, a nine.
    row = pixels[51 * 4 + 1 : 51 * 5]
    picture = "".join("#" if pixel == 0 else "." for pixel in row)
    assert picture == ".........##......######....######....######......."


@pytest.mark.parametrize(
    "body",
    [GIF, b"GIF87a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"BM", b"RIFF\n\n\n\nWEBPVP8 "],
)
async def test_formats(body: bytes) -> None:
    """Whatever format the picture has, its bytes are returned as they are."""
    exchange = ScriptedExchange(body)
    assert await Captcha(caller(exchange), HOST).image() == body
    assert exchange.asked == [("/sys/imgcode.php", {})]


@pytest.mark.parametrize("body", [b"", b"<html>", b"ERROR = 1", b"{}", b"[]", b"{"])
async def test_no_picture(body: bytes) -> None:
    """What is no picture is a `BadReply`."""
    with pytest.raises(BadReply):
        await scripted(*[body] * 9).image()


async def test_an_error_is_one() -> None:
    """No error is documented; one that comes all the same is raised as what it is."""
    with pytest.raises(ApiError) as caught:
        await scripted({"error": "x", "error_code": 4}).image()
    assert caught.value.code == 4


async def test_a_lost_picture_is_asked_for_again() -> None:
    """Nothing is spent on it."""
    exchange = ScriptedExchange(failure(Sent.UNKNOWN), GIF)
    assert await Captcha(caller(exchange), HOST).image() == GIF
    assert len(exchange.asked) == 2


async def test_a_picture_says_nothing_of_the_password() -> None:
    """However many pictures come, no more than two wrong passwords are tried."""
    wrong = {"error": "authorise error", "error_code": 2}
    exchange = ScriptedExchange(GIF, *[wrong, GIF] * 2, *[GIF] * 9)
    call = caller(exchange)
    await Captcha(call, HOST).image()
    for number in range(5):
        with pytest.raises(AuthenticationFailed):
            await Alerts(call).send(1, name=str(number))
        with suppress(AuthenticationFailed):
            await Captcha(call, HOST).image()

    assert [path for path, _ in exchange.asked].count("/sys/ping.php") == 2


async def test_over_the_wire() -> None:
    """It is asked for by GET, without a login."""
    async with Sandbox() as sandbox, sandbox.client(password="wrong") as smsc:
        assert (await smsc.captcha.image()).startswith(b"\x89PNG")
