"""`python -m infra.audit`, with a stub in the place of pip-audit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra import audit
from infra.deploy.options import PROJECT

GOOD = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "pyjwt", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.0", "1.1"]}]}
UNLISTED = {"name": "bcrypt", "skip_reason": "Dependency not found on PyPI and could not be audited: bcrypt"}
REPORTS_EACH_FILE = """
import json, sys
files = [value for option, value in zip(sys.argv[1:], sys.argv[2:]) if option == "-r"]
print(json.dumps({"dependencies": [{"name": one, "version": "1", "vulns": [{"id": "X"}]} for one in files]}))
"""
WAITS_FOR_EVER = "import signal\nsignal.pause()"

Stub = Callable[..., None]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Put a pip-audit in front that prints, complains and exits as it is told, or runs other code."""
    folder = tmp_path / "pip_audit"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(*packages: Any, out: str = "", err: str = "", code: int = 0, body: str = "") -> None:
        text = out or json.dumps({"dependencies": packages, "fixes": []})
        told = f"import sys\nprint({text!r})\nprint({err!r}, file=sys.stderr)\nsys.exit({code})"
        (folder / "__main__.py").write_text(body or told)

    return write


def test_a_finding_fails_and_is_named(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    stub(GOOD, BAD, code=1, err="Found 1 known vulnerability in 1 package")
    assert audit.main() == 1
    assert capsys.readouterr().out == (
        "pyjwt 1.0: PYSEC-1, fixed in 2.0, 1.1.\npip-audit: 1 found in 2 packages.\n"
    )


@pytest.mark.parametrize("code", [0, 1])
def test_a_finding_fails_also_beside_a_package_that_is_not_listed(
    stub: Stub, capsys: pytest.CaptureFixture[str], code: int
) -> None:
    stub(UNLISTED, BAD, code=code, err="ConnectionError")
    assert audit.main() == 1
    said = capsys.readouterr().out
    assert "PYSEC-1" in said
    assert "pip-audit could not look up: bcrypt.\n" in said
    assert "skipped" not in said


def test_nothing_found_passes(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    stub(GOOD, err="No known vulnerabilities found")
    assert audit.main() == 0
    assert capsys.readouterr().out == "pip-audit: nothing found in 1 packages.\n"


def test_nothing_found_names_what_was_not_looked_up(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    stub(GOOD, UNLISTED)
    assert audit.main() == 0
    assert capsys.readouterr().out == (
        "pip-audit could not look up: bcrypt.\npip-audit: nothing found in 1 packages.\n"
    )


def test_it_is_skipped_where_nothing_is_listed(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    stub(UNLISTED, UNLISTED)
    assert audit.main() == 0
    assert capsys.readouterr().out == (
        "pip-audit skipped: the package index in use here carries no advisories.\n"
    )


def test_it_is_skipped_without_a_network(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    stub(out=" ", err="requests.exceptions.ConnectionError: Max retries exceeded", code=1)
    assert audit.main() == 0
    assert capsys.readouterr().out == (
        "pip-audit skipped: the vulnerability service cannot be reached from here.\n"
    )


def test_it_is_skipped_where_the_service_does_not_answer(
    stub: Stub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "TIMEOUT_SECONDS", 0.3)
    stub(body=WAITS_FOR_EVER)
    assert audit.main() == 0
    assert capsys.readouterr().out == (
        "pip-audit skipped: the vulnerability service did not answer in time.\n"
    )


@pytest.mark.parametrize("code", [0, 2])
def test_any_other_failure_fails(stub: Stub, capsys: pytest.CaptureFixture[str], code: int) -> None:
    stub(out="not what it should say", err="No module named pip_audit", code=code)
    assert audit.main() == (code or 1)
    assert "No module named pip_audit" in capsys.readouterr().out


def test_every_lock_is_checked(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """A package that only developers install runs with their credentials."""
    stub(body=REPORTS_EACH_FILE)
    assert audit.main() == 1
    said = capsys.readouterr().out
    locks = [path.name for path in PROJECT.glob("requirements*.txt")]
    assert [lock for lock in locks if f"{lock} 1: X, " not in said] == []


@pytest.mark.parametrize("code", [0, 1])
def test_an_exit_code_without_a_finding_is_passed_on(stub: Stub, code: int) -> None:
    stub(GOOD, code=code)
    assert audit.main() == code
