"""The functions' version of Python: what the project says of it, and which one `make test-deployed` uses."""

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
from infra.deploy.packaging.runtime import RUNTIME, RUNTIME_NAME, VERSION
from tests import deployed_python


@pytest.mark.parametrize(
    ("running", "found", "out", "err"),
    [
        ((3, 11, 1), "/bin/python3.13", "/bin/python3.13\n", ""),
        ((3, 11, 1), None, "", f"Left out: there is no Python {VERSION}. To get one: "),
        ((*RUNTIME, 1), None, "", f"Left out: this is Python {VERSION}, so the other tests ran on it."),
    ],
)
def test_the_deployed_python_is_printed_or_the_reason_why_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running: tuple[int, ...],
    found: str | None,
    out: str,
    err: str,
) -> None:
    monkeypatch.setattr(sys, "version_info", running)
    monkeypatch.setattr(runtime, "find_interpreter", lambda: found)
    deployed_python.main()
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith(err)) == (out, True)


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
