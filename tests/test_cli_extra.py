"""The command without the packages that it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules["{missing}"] = None
from smsc_async.cli import main
"""


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_it_says_what_to_install(missing: str) -> None:
    """One line names the extra, instead of a traceback."""
    code = WITHOUT.format(missing=missing)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert done.stderr == "smsc needs more packages: pip install 'smsc-async[cli]'\n"


def test_the_sandbox_says_what_to_install() -> None:
    """The error names the extra."""
    code = 'import sys; sys.modules["trustme"] = None; import smsc_async.sandbox'
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert "pip install 'smsc-async[sandbox]'" in done.stderr.splitlines()[-1]
