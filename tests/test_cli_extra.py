"""The command without the packages that it needs."""

from __future__ import annotations

import subprocess
import sys

WITHOUT = """
import importlib, sys

def wanted(missing, module):
    sys.modules[missing] = None
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as error:
        print(str(error).splitlines()[-1])
    del sys.modules[missing]

wanted("rich", "smsc_async.cli")
wanted("trustme", "smsc_async.sandbox")
sys.modules["typer"] = None
from smsc_async.cli import main
"""


def test_it_says_what_to_install() -> None:
    """One line names the extra, instead of a traceback; the sandbox has an error of its own."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False, timeout=60
    )

    told = "smsc needs more packages: pip install 'smsc-async[cli]'\n"
    assert (done.returncode, done.stderr) == (1, told)
    command, sandbox = done.stdout.splitlines(keepends=True)
    assert command == told
    assert "pip install 'smsc-async[sandbox]'" in sandbox
