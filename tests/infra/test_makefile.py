"""`make`, where something that it needs is not there: one sentence that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.template.packaged import PROJECT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in which nothing is installed."""
    for name in ("Makefile", "requirements-dev.txt"):
        shutil.copy(PROJECT / name, tmp_path)
    return tmp_path


def typed() -> dict[str, str]:
    """Return the environment of a terminal: a `make` that runs these tests leaves its mark in ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        ["make", "--no-print-directory", *words],  # noqa: S607
        cwd=folder,
        env=typed(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def refusal(folder: Path, *words: str) -> str:
    """Return the sentence of a `make` that does nothing; its own last line follows it."""
    done = make(folder, *words)
    assert done.returncode != 0
    assert done.stdout == ""
    sentence, last = done.stderr.splitlines()
    assert last.startswith("make: ***")
    return sentence


@pytest.mark.parametrize("target", ["run", "test", "deploy"])
def test_a_python_that_is_not_there_is_told(folder: Path, target: str) -> None:
    assert refusal(folder, target, "PYTHON=python-that-is-not") == (
        "Python 3.11 or later is needed: 'python-that-is-not' was not found."
    )


def test_a_python_that_is_too_old_is_told_with_what_to_try(folder: Path) -> None:
    old = folder / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert refusal(folder, "run", f"PYTHON={old}") == (
        f"Python 3.11 or later is needed; '{old}' is older. Try: make PYTHON=python3.13 run"
    )


@pytest.mark.parametrize("target", ["run", "test", "check", "deploy", "destroy", "soak"])
def test_an_environment_whose_python_is_gone_is_told_with_what_to_do(folder: Path, target: str) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(folder / "removed")
    (folder / ".venv" / ".installed").touch()
    assert refusal(folder, target) == (
        f"The Python in .venv does not run any more. Try: make clean, then: make {target}"
    )


def test_a_check_holds_the_code_to_the_plan_of_the_house(folder: Path) -> None:
    assert "pytest tests/test_architecture.py" in make(folder, "-n", "check").stdout


def test_help_names_every_target_that_a_person_calls(folder: Path) -> None:
    named = {line.split()[0] for line in make(folder, "help").stdout.splitlines()}
    assert named == {
        *("help", "run", "test", "test-deployed", "check", "soak", "deploy", "destroy", "lock", "clean")
    }
