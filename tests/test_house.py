"""The shape of the house: one door, imports that point one way, one room that knows httpx."""

from __future__ import annotations

import ast
from functools import cache
from itertools import product
from pathlib import Path

import smsc_async

HOME = Path(smsc_async.__file__).parent
MODULES = {
    ".".join(path.relative_to(HOME).with_suffix("").parts): path for path in HOME.rglob("*.py")
}

# What each room may import of ours; rooms not named here may import anything.
RULES = {
    "errors": set(),
    "_limits": set(),
    "_clock": set(),
    "_convert": {"errors"},
    "_delivery": {"_convert"},
    "callbacks": {"errors", "_delivery", "callbacks"},
    "asgi": {"errors", "callbacks"},
    "fastapi": {"errors", "callbacks", "asgi", "client"},
    "_codes": {"errors"},
    "_command": {"errors", "_codes", "_limits"},
    "_script": {"_command", "_limits"},
    "_fields": {"errors"},
    "_options": {"errors", "_fields"},
    "_passing": {"errors"},
    "_attachments": {"errors"},
    "_sender_options": {"errors", "_attachments", "_fields"},
    "_subclient_settings": {"errors", "_fields", "_options"},
    "content": {"errors", "_attachments", "_fields", "_options", "content"},
    "phones": {"errors"},
    "units": set(),
    "_circuit": {"errors"},
    "_breaker": {"errors", "_circuit", "governor"},
    "_multipart": {"_attachments"},
    "_wire": {"errors", "_attachments", "_command", "_convert", "_multipart"},
    "_retry": {"errors", "_command", "_clock"},
    "_lifetime": {"errors"},
    "_doubts": {"errors"},
    "_listing": {"errors", "_command", "_wire", "_call"},
    "_look": {"errors", "_limits", "_command", "_convert", "_wire", "_call"},
    "_resolve": {"errors", "_clock", "_look"},
    "governor": {"errors", "_limits", "_clock", "governor"},
    "transport": {"errors", "_clock", "transport"},
    "_call": {
        "_attachments",
        *("errors", "_clock", "_command", "_circuit", "_doubts", "_lifetime", "_retry", "_wire"),
        *("_breaker", "governor", "transport"),
    },
    "bulk": {
        *("errors", "_limits", "_clock", "_command", "_convert", "_options", "_wire", "_call"),
        *("_look", "callbacks", "content", "groups", "bulk"),
    },
}
GROUP = {
    "_attachments",
    "_wire",
    "_look",
    "_resolve",
    "errors",
    "_limits",
    "_clock",
    "_command",
    "_convert",
    "_delivery",
    "_fields",
    "_listing",
    "_options",
    "_passing",
    "_script",
    "_sender_options",
    "_subclient_settings",
    "_call",
    "callbacks",
    "content",
}


@cache
def imports(path: Path) -> set[str]:
    """The rooms that a module imports, as first names below the package."""
    found = set()
    inside = len(path.relative_to(HOME).parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.relative_to(HOME).parts[: inside - node.level]
            parts = (*base, *(node.module or "").split("."))
            found.add(next((part for part in parts if part), node.names[0].name))
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found |= {f"!{name.split('.')[0]}" for name in names if name}
    return found


def test_imports_point_one_way() -> None:
    """No room imports one that is above it, and no group imports another."""
    rules = RULES | {"groups": GROUP}
    wrong = {
        module: names
        for module, path in MODULES.items()
        if (allowed := rules.get(module.partition(".")[0])) is not None
        and (names := {name for name in imports(path) if not name.startswith("!")} - allowed)
    }

    assert wrong == {}


def test_one_room_knows_httpx() -> None:
    """Of the client the transport, and nobody else, imports httpx or h2."""
    knowing = {
        module.split(".")[0]
        for (module, path), library in product(MODULES.items(), ("!httpx", "!h2", "!h11"))
        if library in imports(path)
    }

    assert knowing - {"sandbox"} == {"transport"}


def test_the_sandbox_shares_no_mistake_with_the_client() -> None:
    """The sandbox takes nothing from the client but, for convenience, the client."""
    taken = {
        (module, name)
        for module, path in MODULES.items()
        if module.startswith("sandbox")
        for name in imports(path)
        if not name.startswith("!") and name != "sandbox"
    }

    assert taken == {("sandbox.__init__", "client")}


def test_one_door() -> None:
    """All public names come from the package itself, sorted, and each exists."""
    names = smsc_async.__all__

    assert names == sorted(names, key=lambda name: (not name.isupper(), name))
    assert [name for name in names if not hasattr(smsc_async, name)] == []
    assert {name for name in vars(smsc_async.errors) if name in smsc_async.errors.__all__} <= {
        *names
    }


def test_modules_stay_small() -> None:
    """No module is longer than 400 lines."""
    long_ones = {
        module: lines
        for module, path in MODULES.items()
        if (lines := len(path.read_text().splitlines())) > 400
    }

    assert long_ones == {}
