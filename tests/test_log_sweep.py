"""Everything that a process writes over all flows is searched for every secret that went through them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

ROOT = Path(__file__).parent.parent
WINDOW = 20
"""Characters of a long secret that are too many to have been written by chance."""


class Sweep:
    """What was written, and what must not be in it."""

    def __init__(self, written: str, secrets: list[str]) -> None:
        self.written = written
        self.secrets = secrets
        self.lines = written.split("\n")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A process of its own, so that nothing which it writes by any way is missed."""
    diary = tmp_path_factory.mktemp("sweep") / "secrets.json"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "LOG_LEVEL": "DEBUG", "PYTHONWARNINGS": "error"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tests.api.log_flows", str(diary)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    written = done.stdout.decode("utf-8")
    assert done.returncode == 0, written[-3000:]
    return Sweep(written, json.loads(diary.read_text(encoding="utf-8")))


def disguises(secret: str) -> Iterator[str]:
    """A secret in every form in which it might have been written."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield secret[::-1]
    yield raw.hex()
    yield raw.hex().upper()
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    for shift in range(3):
        # Within a longer text base64 looks different in each alignment, and its ends are not its own.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\x00" * shift + raw).decode()[4:].rstrip("=")[:-1]


def needles(secret: str) -> Iterator[str]:
    for form in disguises(secret):
        if len(form) <= WINDOW:
            yield form
        else:
            yield from (form[at : at + WINDOW] for at in range(0, len(form) - WINDOW + 1, 4))


def test_the_flows_wrote_what_they_should(sweep: Sweep) -> None:
    """Or the search would find nothing in nothing."""
    messages = {json.loads(line).get("message") for line in sweep.lines if line}
    assert messages >= {
        "session_started",
        "session_refreshed",
        "refresh_repeated",
        "session_ended",
        "refresh_token_reuse",
        "corrupt_hash",
        "refused",
        "denied",
        "outage",
        "crash",
        "key_rotated",
    }
    kinds = ("eyJ", "ghr_", "ghs_", "$2b$")
    assert all(sum(secret.startswith(kind) for secret in sweep.secrets) > 0 for kind in kinds)
    assert len(sweep.secrets) > 50


def test_no_secret_is_written_in_any_form(sweep: Sweep) -> None:
    searched = {needle for secret in sweep.secrets for needle in needles(secret) if len(needle) >= 8}
    found = {needle for needle in searched if needle in sweep.written}
    assert found == set()


def test_every_line_is_json(sweep: Sweep) -> None:
    assert sweep.lines[-1] == ""
    for line in sweep.lines[:-1]:
        assert isinstance(json.loads(line), dict), line


def test_no_control_character_is_written_but_the_ends_of_lines(sweep: Sweep) -> None:
    assert {char for char in sweep.written if not 0x20 <= ord(char) < 0x7F} == {"\n"}


def test_no_line_is_one_that_a_user_wrote(sweep: Sweep) -> None:
    assert "forged" not in sweep.written
    assert "jndi" not in sweep.written


def test_every_refusal_says_why_and_where(sweep: Sweep) -> None:
    refused = [json.loads(line) for line in sweep.lines if '"message":"refused"' in line]
    assert refused
    for line in refused:
        assert line["reason"]
        assert line["route"]
        assert line["request_id"]
        assert 400 <= line["status"] < 500
        assert line.get("grant_type") == "password" or line["reason"] != "wrong_password"


def test_every_denial_says_why_and_where(sweep: Sweep) -> None:
    denied = [json.loads(line) for line in sweep.lines if '"message":"denied"' in line]
    assert denied
    for line in denied:
        assert line["reason"]
        assert line["function"] == "authorizer"
        assert line["route"] in {"GET /me", "GET /me/sessions", "DELETE /me/sessions/{}"}


def test_no_reason_was_blotted_out(sweep: Sweep) -> None:
    """Redaction is the second lock. Where it turns, a reason should have been worded better."""
    assert "[redacted]" not in sweep.written
