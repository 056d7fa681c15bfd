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
from infra.deploy.packaging.runtime import RUNTIME, RUNTIME_NAME, VERSION, Interpreter, find_interpreter

OTHER = (RUNTIME[0], RUNTIME[1] - 1)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose running Python has another version and no uv, and which has no other Python."""
    monkeypatch.setattr(sys, "version_info", (*OTHER, 1, "final", 0))
    monkeypatch.setattr(sys, "executable", str(executable(tmp_path / "running", status=1)))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def executable(path: Path, *lines: str, status: int = 0) -> Path:
    """Write an executable that prints lines, whatever it is asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = "".join(f"echo '{line}'\n" for line in lines)
    path.write_text(f"#!/bin/sh\n{said}exit {status}\n")
    path.chmod(0o755)
    return path


def python(path: Path, version: str, implementation: str = "cpython", level: str = "final") -> Path:
    return executable(path, str(path), implementation, level, version)


def test_a_machine_without_one_has_none(bare: Path) -> None:
    assert find_interpreter() is None


def test_the_running_python_will_do_if_it_is_of_that_version(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = python(bare / "own" / "python", f"{VERSION}.4")
    monkeypatch.setattr(sys, "version_info", (*RUNTIME, 4, "final", 0))
    monkeypatch.setattr(sys, "executable", str(own))
    assert find_interpreter() == Interpreter(str(own), f"{VERSION}.4")


def test_one_on_the_path_is_found_behind_a_shim_that_refuses(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(bare / "shims" / RUNTIME_NAME, status=127)
    found = python(bare / "real" / RUNTIME_NAME, f"{VERSION}.2")
    monkeypatch.setenv("PATH", f"{bare / 'shims'}:{found.parent}")
    assert find_interpreter() == Interpreter(str(found), f"{VERSION}.2")


def test_one_of_pyenv_is_found(bare: Path) -> None:
    found = python(bare / "pyenv" / "versions" / f"{VERSION}.1" / "bin" / RUNTIME_NAME, f"{VERSION}.1")
    assert find_interpreter() == Interpreter(str(found), f"{VERSION}.1")


def test_one_of_uv_is_found(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = python(bare / "python", f"{VERSION}.1")
    monkeypatch.setattr(sys, "executable", str(executable(bare / "uv", str(found))))
    assert find_interpreter() == Interpreter(str(found), f"{VERSION}.1")


@pytest.mark.parametrize(
    ("version", "implementation", "level"),
    [
        (f"{VERSION}.0rc1", "cpython", "candidate"),
        (f"{VERSION}.1", "pypy", "final"),
        ("{}.{}.1".format(*OTHER), "cpython", "final"),
        (f"{VERSION}0.1", "cpython", "final"),
    ],
)
def test_one_whose_byte_code_lambda_would_ignore_is_passed_over(
    bare: Path, monkeypatch: pytest.MonkeyPatch, version: str, implementation: str, level: str
) -> None:
    found = python(bare / "bin" / RUNTIME_NAME, version, implementation, level)
    monkeypatch.setenv("PATH", str(found.parent))
    assert find_interpreter() is None


def test_the_tests_on_the_deployed_python_are_left_out_with_the_reason(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.main()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Left out: there is no Python {VERSION}. To get one: ")
    found = python(bare / "bin" / RUNTIME_NAME, f"{VERSION}.2")
    monkeypatch.setenv("PATH", str(found.parent))
    runtime.main()
    assert capsys.readouterr().out == f"{found}\n"
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


def test_markers_describe_lambda_and_not_this_machine() -> None:
    environment = runtime.marker_environment("arm64")
    assert (environment["python_version"], environment["platform_machine"]) == (VERSION, "aarch64")
