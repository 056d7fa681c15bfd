"""Logs and metrics: JSON lines, CloudWatch's format, and nothing that looks secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import RefreshSecret, start
from chalicelib.domain.sessions.session import EndReason, Session
from chalicelib.observability import (
    Event,
    Field,
    Metric,
    bind,
    count,
    record,
    record_crash,
    redact,
    scope,
    slug,
)
from chalicelib.observability.audit import LogAudit
from tests.written import Written, writing

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
REFRESH = "ghr_" + "Ab-_" * 28
HASH = "$2b$12$" + "a./Z" * 13 + "b"
SESSION = Session(
    session_id="5e" * 16,
    user_id="0f" * 16,
    client_id="mobile-app",
    granted=None,
    epoch=0,
    created_at=0,
    last_used_at=0,
    idle_expires_at=1,
    expires_at=1,
    family=start(RefreshSecret(b"s" * 32), Secret(b"k" * 32)),
)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    with writing(capsys) as written:
        yield written


def test_an_event_is_one_line_of_json_with_its_fields(written: Written) -> None:
    record(Event.REFUSED, status=400, reason="wrong_password", user_id=None, error="")
    (line,) = written.lines
    assert (line["message"], line["level"], line["service"]) == ("refused", "INFO", "gatehouse")
    assert (line["status"], line["reason"]) == (400, "wrong_password")
    assert "user_id" not in line
    assert "error" not in line
    assert line["timestamp"].endswith("+0000")


def test_a_severe_event_is_an_error(written: Written) -> None:
    record(Event.OUTAGE, severe=True)
    assert written.lines[0]["level"] == "ERROR"


def test_fields_of_a_scope_are_on_every_line_inside_and_on_none_after(written: Written) -> None:
    with scope(request_id="r", route="GET /me"):
        with scope(grant_type="password", route="inner"):
            record(Event.REFUSED)
        record(Event.REFUSED, route="said at the event")
    record(Event.REFUSED)
    inner, outer, after = written.lines
    assert (inner["request_id"], inner["route"], inner["grant_type"]) == ("r", "inner", "password")
    assert (outer["request_id"], outer["route"]) == ("r", "said at the event")
    assert {"request_id", "route", "grant_type"}.isdisjoint(after)
    assert "grant_type" not in outer


def test_a_scope_ends_with_an_exception_too(written: Written) -> None:
    with pytest.raises(KeyError), scope(request_id="r"):
        raise KeyError
    record(Event.REFUSED)
    assert "request_id" not in written.lines[0]


def test_a_bound_field_is_on_the_lines_that_follow_until_its_scope_ends(written: Written) -> None:
    bind(user_id="of no scope")
    with scope(request_id="r"):
        record(Event.REFUSED)
        with scope(route="GET /me"):
            bind(user_id="u", grant_type=None)
            record(Event.REFUSED, user_id=None)
        record(Event.REFUSED)
    said = [(line.get("request_id"), line.get("route"), line.get("user_id")) for line in written.lines]
    assert said == [("r", None, None), ("r", "GET /me", "u"), ("r", None, None)]
    assert "grant_type" not in written.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_value_stays_within_its_line(written: Written, value: str) -> None:
    written.forget()
    record(Event.REFUSED, reason=value)
    (line,) = written.lines
    assert line["reason"] == redact(value)
    raw = written.text.removesuffix("\n")
    assert not any(ord(char) < 0x20 or char in "\x7f\u0085\u2028\u2029" for char in raw)


@pytest.mark.parametrize("value", ["a\nb", "\r\n{}", "\x1b[31mred", "\x00", "\u2028", '","level":"ERROR'])
def test_nobody_writes_a_line_of_their_own(written: Written, value: str) -> None:
    record(Event.REFUSED, reason=value)
    (line,) = written.lines
    assert (line["level"], line["reason"]) == ("INFO", value)
    assert written.text.isascii()


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (JWT, "[redacted]"),
        (f"token {JWT} was", "token [redacted] was"),
        (JWT[:30], "[redacted]"),
        (REFRESH, "[redacted]"),
        (f"x={REFRESH[:20]}&y", "x=[redacted]&y"),
        (HASH, "[redacted]"),
        (HASH[:12], "[redacted]"),
        (f"Bearer {JWT}", "[redacted]"),
        ("Authorization: basic YTpi", "Authorization: [redacted]"),
        ("bearer  abc def", "[redacted] def"),
        ("x" * 300, "x" * 256),
        ("y" * 250 + JWT, ("y" * 250 + "[redacted]")[:256]),
        ("plain words", "plain words"),
        ("0f" * 16, "0f" * 16),
        (7, 7),
        (True, True),
        (None, None),
    ],
)
def test_what_looks_like_a_credential_is_blotted_out(value: Field, left: Field) -> None:
    assert redact(value) == left


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("wrong_password", "wrong_password"),
        ("aws ThrottlingException", "aws_throttlingexception"),
        ("a--b", "a_b"),
        ("x" * 99, "x" * 64),
        ("\n \u00e9!", "none"),
        ("", "none"),
    ],
)
def test_a_reason_becomes_one_word(reason: str, word: str) -> None:
    assert slug(reason) == word


def test_a_metric_is_one_line_in_the_embedded_format(written: Written) -> None:
    count(Metric.SIGN_IN, "wrong password")
    (line,) = written.lines
    assert line["SignIn"] == [1.0]
    assert line["outcome"] == "wrong_password"
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Gatehouse"
    assert directive["Metrics"] == [{"Name": "SignIn", "Unit": "Count"}]


def test_a_crash_is_told_by_type_and_place_and_never_by_text(written: Written) -> None:
    def fail() -> None:
        raise ValueError(f"cannot read {JWT}")

    with pytest.raises(ValueError, match="cannot read") as caught:
        fail()
    record_crash(caught.value)
    line, metric = written.lines
    assert (line["message"], line["level"], line["error"]) == ("crash", "ERROR", "ValueError")
    assert "test_observability.py:" in line["where"]
    assert "cannot read" not in written.text
    assert metric["outcome"] == "crash"


def test_the_audit_trail_names_session_user_and_client_and_no_token(written: Written) -> None:
    audit = LogAudit()
    audit.session_started(SESSION)
    audit.session_refreshed(SESSION)
    audit.refresh_repeated(SESSION)
    audit.refresh_token_reuse(SESSION)
    audit.session_ended(SESSION.ended(EndReason.REUSE, 5))
    audit.corrupt_hash("0f" * 16)
    said = [line for line in written.lines if "message" in line]
    assert [line["message"] for line in said] == [
        "session_started",
        "session_refreshed",
        "refresh_repeated",
        "refresh_token_reuse",
        "session_ended",
        "corrupt_hash",
    ]
    for line in said[:5]:
        assert (line["session_id"], line["user_id"], line["client_id"]) == (
            "5e" * 16,
            "0f" * 16,
            "mobile-app",
        )
    assert said[4]["reason"] == "refresh_token_reuse"
    assert [line["level"] for line in said] == ["INFO", "INFO", "INFO", "ERROR", "INFO", "ERROR"]
    metrics = [line for line in written.lines if "_aws" in line]
    assert [set(line) & {one.value for one in Metric} for line in metrics] == [
        {"RefreshTokenReuse"},
        {"SessionEnded"},
        {"CorruptHash"},
    ]


def test_every_name_of_an_event_and_of_a_metric_is_one_word() -> None:
    assert all(slug(event.value) == event.value for event in Event)
    assert all(metric.value.isalnum() for metric in Metric)
