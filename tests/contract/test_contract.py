"""The client against what the vendor's pages say: every command, parameter, error and limit."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from everything import CALLS, NEVER_SENT, OPTIONS
from hypothesis import given, settings
from hypothesis import strategies as st
from recorder import API, Documented, Recorder, client, make

from smsc_async import ApiError, RateLimited, SmscError
from smsc_async.sandbox.kinds import Upload

pytestmark = pytest.mark.anyio

REFUSED = b'{"error": "parameters error", "error_code": 1}'
ALWAYS = {"fmt": "3", "charset": "utf-8"}
FILES = ("documents.php", "imgcode.php")
COMMANDS = [pytest.param(documented, id=name) for name, documented in API.items()]


def test_none_is_missing_and_none_is_invented() -> None:
    """There is a call for each documented command, and for nothing else."""
    assert CALLS.keys() == API.keys()


def always(documented: Documented) -> dict[str, str]:
    """What every request of the command has; an answer that is a file has no format to choose."""
    if documented.script == "imgcode.php":
        return {}
    return ALWAYS if documented.script not in FILES else {"charset": "utf-8"}


def is_one_of(documented: Documented, fields: dict[str, str]) -> bool:
    """Whether the request has one of the sets of fields that the command needs."""

    def has(field: str) -> bool:
        name, _, value = field.partition("=")
        return any(fields.get(one) == value if value else one in fields for one in name.split("|"))

    return any(all(map(has, required)) for required in documented.required)


def family(name: str) -> str:
    """The commands that share a list of parameters, which no single one of them can have all."""
    script = name.partition("/")[0]
    return {"rest": "send.php", "send.php": script, "status.php": script}.get(script, name)


FAMILIES = {
    name: [documented for documented in API.values() if family(documented.command) == name]
    for name in dict.fromkeys(map(family, API))
}


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("name", FAMILIES)
async def test_every_parameter_reaches_the_wire(name: str) -> None:
    """Every documented parameter can be sent, and no other ever is; what is needed is there."""
    sent = set[str]()
    for documented in FAMILIES[name]:
        recorder = Recorder(REFUSED)
        for call in CALLS[documented.command]:
            async with client(recorder, **OPTIONS.get(documented.command, {})) as smsc:
                with suppress(ApiError):
                    await make(call, smsc)
        assert recorder.asked
        for path, fields in recorder.asked:
            assert path == documented.path
            assert fields.items() >= (documented.flag | always(documented)).items()
            assert is_one_of(documented, fields)
            assert ("fmt" in fields) is (documented.script not in FILES)
            sent |= {field for field in fields if not isinstance(fields[field], Upload)}

    params = {param for documented in FAMILIES[name] for param in documented.params}
    assert sent - ALWAYS.keys() == params - ALWAYS.keys() - NEVER_SENT.get(name, {}).keys()


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("documented", COMMANDS)
async def test_every_error_has_a_type(documented: Documented) -> None:
    """Each documented error code is an exception of its own kind, with the number and the text."""
    for code in documented.errors:
        recorder = Recorder(json.dumps({"error": "why", "error_code": code}).encode())
        told: SmscError | None = None
        answer: object = None

        async with client(recorder, patience=0, outcome="raise") as smsc:
            try:
                answer = await make(CALLS[documented.command][0], smsc)
            except SmscError as error:
                told = error

        if told is None:
            # Where one asks for all there are, "not found" means that there is none.
            assert code == 3
            assert answer in ([], None)
        elif isinstance(told, ApiError):
            assert type(told) is not ApiError
            assert (told.code, told.vendor_text) == (code, "why")
        else:
            assert isinstance(told, RateLimited)
            assert code == 9


LIMITED = [pytest.param(one, id=name) for name, one in API.items() if one.limits]


@pytest.mark.parametrize("documented", LIMITED)
async def test_no_limit_is_broken(documented: Documented) -> None:
    """The same request goes out as often in a minute as the tightest limit lets it, not oftener."""
    recorder = Recorder(REFUSED)
    call = CALLS[documented.command][0]

    async with client(recorder, patience=0) as smsc:
        for _ in range(documented.most + 2):
            with suppress(ApiError, RateLimited):
                await make(call, smsc)

    last = recorder.moments[0] + documented.seconds
    assert len([moment for moment in recorder.moments if moment < last]) == documented.most


def swapped(document: object) -> object:
    """The same with numbers as strings."""
    if isinstance(document, dict):
        return {name: swapped(value) for name, value in document.items()}
    if isinstance(document, list):
        return [swapped(value) for value in document]
    return str(document) if isinstance(document, int) else document


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("documented", COMMANDS)
async def test_every_documented_answer_parses(documented: Documented) -> None:
    """Every answer that the pages show is read, with its numbers as strings, too."""
    for answer in documented.answers:
        for shape in (answer, swapped(answer)):
            recorder = Recorder(json.dumps(shape).encode())
            async with client(recorder) as smsc:
                await make(CALLS[documented.command][0], smsc)
            assert recorder.asked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "cnt", "cost", "error", "error_code", "status", "phones", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda document: json.dumps(document).encode())


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@given(name=st.sampled_from(list(API)), body=BODIES)
@settings(max_examples=200, deadline=None)
async def test_any_answer(name: str, body: bytes) -> None:
    """Whatever the service answers, a call has its typed answer or raises one of ours."""
    async with client(Recorder(body), outcome="raise", patience=0) as smsc:
        with suppress(SmscError):
            await make(CALLS[name][0], smsc)
