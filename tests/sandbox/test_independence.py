"""The sandbox and the client share no code, and so no mistakes."""

from __future__ import annotations

import ast
from pathlib import Path

from smsc_async import sandbox


def test_the_sandbox_imports_nothing_of_the_client_but_the_client() -> None:
    """Only the package itself looks outside, for the client that it makes."""
    root = Path(sandbox.__path__[0])
    outside: set[tuple[str, str]] = set()
    for path in root.rglob("*.py"):
        depth = len(path.relative_to(root).parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                if node.level > depth or module.startswith("smsc_async"):
                    outside.add((path.name, module))
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
                assert not any(name.startswith("smsc_async") for name in names)
    assert outside == {("__init__.py", "client")}
