"""What the checks share: the temper command, run as a user runs it."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def temper(tmp_path):
    """Runs ``./temper ARGS`` in the test's own folder and returns what it printed.

    ``temper("score", "--model", folder)`` fails the test with the command's output unless it exits 0;
    ``temper(..., status=2)`` expects another status. Relative paths mean files in ``tmp_path``.
    """

    def run(*arguments, status=0, timeout=600):
        command = [str(ROOT / "temper"), *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | {"TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
        )
        assert done.returncode == status, (
            f"temper {' '.join(command[1:])}\nexited {done.returncode}, not {status}\n"
            f"--- standard output\n{done.stdout}\n--- standard error\n{done.stderr}"
        )
        return done

    return run


@pytest.fixture(scope="session", autouse=True)
def built():
    """Builds the command before the first check, so that no check's time limit includes the build."""
    done = subprocess.run(
        [str(ROOT / "temper"), "--version"], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=900
    )
    assert done.returncode == 0, f"./temper --version exited {done.returncode}\n{done.stdout}\n{done.stderr}"
