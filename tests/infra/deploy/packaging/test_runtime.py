"""The functions' version of Python, and the search for an interpreter of it."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from infra.deploy.options import PROJECT
from infra.deploy.packaging import runtime
from infra.deploy.packaging.runtime import RUNTIME, RUNTIME_NAME, VERSION, find_interpreter

OTHER = (RUNTIME[0], RUNTIME[1] - 1)
INTERPRETER = find_interpreter()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make the folder of the running Python, pyenv's and uv's look empty; return the folder of pyenv's."""
    own = tmp_path / "bin"
    own.mkdir()
    (own / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "version_info", (*OTHER, 1, "final", 0))
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


def test_the_tests_on_the_deployed_python_are_left_out_with_the_reason(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.main()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Left out: there is no Python {VERSION}. To get one: ")
    monkeypatch.setattr(runtime, "find_interpreter", lambda: "/usr/bin/python3.13")
    runtime.main()
    assert capsys.readouterr().out == "/usr/bin/python3.13\n"
    monkeypatch.setattr(sys, "version_info", (*RUNTIME, 1, "final", 0))
    runtime.main()
    assert capsys.readouterr() == ("", f"Left out: this is Python {VERSION}, so the other tests ran on it.\n")


def test_lambda_has_this_version_and_ends_it_when_the_comment_says() -> None:
    """cfn-lint carries AWS's dates."""
    ends = load_resource(AdditionalSpecs, "LmbdRuntimeLifecycle.json")[RUNTIME_NAME]["deprecated"]
    assert f"deprecates it on {ends}." in Path(runtime.__file__).read_text("utf-8")


def test_every_supported_python_is_covered_by_the_pins_and_the_checks() -> None:
    """The functions' version may be newer than the oldest one that the project runs on, but not older."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    oldest = tuple(int(part) for part in project["project"]["requires-python"].removeprefix(">=").split("."))
    assert oldest <= RUNTIME
    assert project["tool"]["mypy"]["python_version"] == ".".join(map(str, oldest))
    assert project["tool"]["ruff"]["target-version"] == "py{}{}".format(*oldest)


@pytest.mark.parametrize("file", ["README.md", "docs/deploy.md", "Makefile", "infra/template/service.yaml"])
def test_no_other_file_names_another_version(file: str) -> None:
    """What is said about the functions' Python is true. 3.11 is the oldest that the project runs on."""
    named = set(re.findall(r"[Pp]ython ?(3\.\d+)", (PROJECT / file).read_text("utf-8")))
    assert named <= {VERSION, "3.11"}
    if file == "infra/template/service.yaml":
        assert named == {VERSION}
