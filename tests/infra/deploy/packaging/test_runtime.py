"""The functions' version of Python, and the search for an interpreter of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.deploy.packaging.runtime import RUNTIME, RUNTIME_NAME, VERSION, find_interpreter

INTERPRETER = find_interpreter()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make the folders of pyenv and uv look empty; return the folder for a Python of pyenv's."""
    if sys.version_info[:2] == RUNTIME:
        pytest.skip("the running Python is found")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    return tmp_path / "pyenv" / "versions" / f"{VERSION}.1" / "bin"


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_machine_without_an_interpreter_has_none(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_interpreter() is None
    executable(bare / RUNTIME_NAME, "exit 127")
    monkeypatch.setenv("PATH", str(bare))
    assert find_interpreter() is None


@pytest.mark.skipif(INTERPRETER is None, reason=f"no Python {VERSION} on this machine")
@pytest.mark.parametrize("where", ["pyenv", "PATH"])
def test_an_interpreter_is_found_behind_a_shim_that_refuses(
    bare: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    shims = bare.parent / "shims"
    found = bare / RUNTIME_NAME if where == "pyenv" else bare.parent / RUNTIME_NAME
    if where == "pyenv":
        executable(shims / RUNTIME_NAME, "exit 127")
    executable(found, f'exec {INTERPRETER} "$@"')
    monkeypatch.setenv("PATH", f"{shims}:{found.parent}")
    assert find_interpreter() is not None
