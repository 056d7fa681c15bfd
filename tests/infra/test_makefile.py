"""`make`, where something that it needs is not there: one sentence that says what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

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


WHEEL = "tinypkg-1.0-py3-none-any.whl"
ELSEWHERE = {
    "environment": {
        "PIP_USER": "1",
        "PIP_TARGET": "elsewhere",
        "PIP_PREFIX": "elsewhere",
        "PIP_ROOT": "elsewhere",
        "PIP_REQUIRE_VIRTUALENV": "1",
    },
    "configuration": {"PIP_CONFIG_FILE": "pip.conf"},
}
CONFIGURATION = "[global]\nuser = true\ntarget = elsewhere\nprefix = elsewhere\nroot = elsewhere\n"


def wheel(folder: Path) -> str:
    """Make the smallest package that pip installs, and return the line that requires it."""
    with ZipFile(folder / WHEEL, "w") as archive:
        archive.writestr("tinypkg.py", "")
        archive.writestr(
            "tinypkg-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinypkg\nVersion: 1.0\n"
        )
        archive.writestr(
            "tinypkg-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tinypkg-1.0.dist-info/RECORD", "")
    return f"./{WHEEL} --hash=sha256:{sha256((folder / WHEEL).read_bytes()).hexdigest()}\n"


@pytest.mark.parametrize("settings", ELSEWHERE.values(), ids=ELSEWHERE)
def test_whatever_is_set_for_pip_the_dependencies_go_into_the_environment(
    folder: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "requirements-dev.txt").write_text(wheel(folder))
    (folder / "pip.conf").write_text(CONFIGURATION)
    for name, value in {**settings, "PIP_NO_INDEX": "1"}.items():
        monkeypatch.setenv(name, value)
    done = make(folder, "ready", f"PYTHON={sys.executable}")
    assert (done.returncode, done.stderr) == (0, "")
    assert list((folder / ".venv").glob("lib/python*/site-packages/tinypkg.py"))
    assert not (folder / "elsewhere").exists()


def test_what_pip_says_is_not_blamed_on_the_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = wheel(folder)
    (folder / "requirements-dev.txt").write_text(line.replace("sha256:", "sha256:0").replace("\n", "")[:-1])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    done = make(folder, "ready", f"PYTHON={sys.executable}")
    assert done.returncode != 0
    assert "HASHES" in done.stderr
    assert "The dependencies could not be installed: pip says why above.\n" in done.stderr
    assert not (folder / ".venv").exists()


def test_the_second_engine_is_locked_and_runs_no_scripts(folder: Path) -> None:
    place = PROJECT / "tests" / "network" / "second_engine"
    shutil.copytree(place, folder / "tests" / "network" / "second_engine")
    done = make(folder, "-n", ".local/dynalite/.tried")
    assert re.search(r"npm ci .*--ignore-scripts", done.stdout)
    locked = json.loads((place / "package-lock.json").read_text())["packages"]
    wanted = locked.pop("")["dependencies"]
    assert wanted == json.loads((place / "package.json").read_text())["dependencies"]
    assert all(one["integrity"].startswith("sha512-") for one in locked.values())
    assert not any("resolved" in one for one in locked.values()), "a registry is the machine's to name"


def test_a_check_runs_the_import_rules(folder: Path) -> None:
    assert "pytest tests/test_architecture.py" in make(folder, "-n", "check").stdout


def test_help_names_every_target_that_a_person_calls(folder: Path) -> None:
    named = {line.split()[0] for line in make(folder, "help").stdout.splitlines()}
    said = "help run test test-deployed check bench load soak new-function deploy destroy lock clean"
    assert named == set(said.split())
