"""Dashboard, alarms and queries use the metrics and fields that the running functions emit."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.observability import Metric
from infra.local.stack.template import TEMPLATE
from tests.infra.template.packaged import FUNCTIONS, data, transformed
from tests.infra.template.recorded import recording
from tests.infra.template.resolved import STACK, Resolved
from tests.infra.template.watched import Query, Watched, queries, watched, widgets

TEMPLATE_RESOLVED = Resolved(transformed())
WATCHED = list(watched(TEMPLATE_RESOLVED))
# Counted by CloudWatch from the access log, and by no function.
COUNTED = {
    metric["MetricName"]: frozenset(one["Key"] for one in metric["Dimensions"])
    for found in TEMPLATE_RESOLVED.of_type("AWS::Logs::MetricFilter").values()
    for metric in found["MetricTransformations"]
}
REFUSALS = {"THROTTLED", "QUOTA_EXCEEDED"}
OURS = [one for one in WATCHED if one.namespace == "Gatehouse" and one.name not in COUNTED]
QUERIES = queries(TEMPLATE_RESOLVED)
GROUPS = {one["LogGroupName"] for one in Resolved(data()).of_type("AWS::Logs::LogGroup").values()}
ALARMS = TEMPLATE_RESOLVED.of_type("AWS::CloudWatch::Alarm")
OPERATIONS = (TEMPLATE.parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
# AWS's own metrics, with the dimensions that AWS gives them.
OF_AWS = {
    ("AWS/Lambda", "FunctionName"): {"Duration", "Errors", "Throttles", "ConcurrentExecutions"},
    ("AWS/ApiGateway", "ApiName,Stage"): {"Count", "4XXError", "5XXError", "Latency"},
    ("AWS/SQS", "QueueName"): {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    ("AWS/DynamoDB", "Operation,TableName"): {
        "ThrottledRequests",
        "SystemErrors",
        "SuccessfulRequestLatency",
    },
    ("AWS/DynamoDB", "TableName"): {
        "TransactionConflict",
        "ReadThrottleEvents",
        "ReadKeyRangeThroughputThrottleEvents",
        "WriteThrottleEvents",
    },
}
# What Logs Insights gives every line.
OF_INSIGHTS = {"@timestamp", "@message", "@log"}


def names(one: Watched) -> str:
    return f"{one.where}: {one.name}"


@pytest.mark.parametrize("one", OURS, ids=names)
def test_a_metric_that_is_watched_is_emitted_with_those_dimensions(one: Watched) -> None:
    emitted = [
        metric
        for metric in recording().metrics
        if (metric.namespace, metric.name) == (one.namespace, one.name)
        and {name for name, _ in metric.dimensions} == one.dimensions
    ]
    assert any(one.values <= metric.dimensions for metric in emitted)
    for unwanted in one.excluded:
        assert any(unwanted in metric.dimensions for metric in emitted)


@pytest.mark.parametrize("one", [one for one in WATCHED if one.name in COUNTED], ids=names)
def test_a_metric_of_the_access_log_is_counted_with_those_dimensions(one: Watched) -> None:
    assert one.namespace == "Gatehouse"
    assert one.dimensions == COUNTED[one.name]
    assert one.values == {("outcome", "THROTTLED"), ("service", STACK)}


@pytest.mark.parametrize("one", OURS, ids=names)
def test_only_this_stack_is_watched(one: Watched) -> None:
    assert ("service", STACK) in one.values


@pytest.mark.parametrize("one", [one for one in WATCHED if one.namespace != "Gatehouse"], ids=names)
def test_a_metric_of_aws_is_one_that_aws_has(one: Watched) -> None:
    assert one.name in OF_AWS[(one.namespace, ",".join(sorted(one.dimensions)))]
    named = {STACK, f"{STACK}-mail", f"{STACK}-mail-dead"}
    resources = {*TEMPLATE_RESOLVED.resources, *named, TEMPLATE_RESOLVED.parameters["Stage"]}
    assert {value for _, value in one.values} <= resources


def test_every_metric_of_the_code_is_emitted_and_on_the_dashboard() -> None:
    of_alarms = set(ALARMS)
    shown = {one.name for one in OURS if one.where not in of_alarms}
    assert shown == {one.name for one in recording().metrics} == {one.value for one in Metric}


def test_metrics_have_no_personal_data() -> None:
    """A dimension is a metric of its own, with a price: only words of ours may be one."""
    assert all(
        re.fullmatch(r"[a-z_]{1,64}", value)
        for metric in recording().metrics
        for name, value in metric.dimensions
        if name == "outcome"
    )


def known_fields(query: Query) -> dict[str, set[str]]:
    """Return the fields of the logs that a query reads, with the values that they have had."""
    if query.groups == (f"{STACK}-access",):
        text = TEMPLATE_RESOLVED.properties("RestAPIStage")["AccessLogSetting"]["Format"]
        fields = {name: {value} for name, value in json.loads(text).items()}
        return {**fields, "refusal": REFUSALS}
    found: dict[str, set[str]] = {}
    for line in recording().logged:
        for name, value in line.items():
            found.setdefault(name, set()).add(str(value))
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_fields_that_are_logged(name: str) -> None:
    query = QUERIES[name]
    assert query.fields - set(known_fields(query)) <= OF_INSIGHTS
    assert set(query.groups) <= GROUPS


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_values_that_are_logged(name: str) -> None:
    known = known_fields(QUERIES[name])
    for field, values in QUERIES[name].wanted.items():
        assert values <= known[field], field


def found_by(name: str) -> list[dict[str, Any]]:
    """Return the lines of the run that a query's filters let through."""
    wanted = QUERIES[f"{STACK}/{name}"].wanted
    return [
        line
        for line in recording().logged
        if all(str(line.get(field)) in values for field, values in wanted.items() if values)
    ]


def test_failed_sign_ins_are_found_by_address_and_by_account() -> None:
    for name in ("failed sign-ins by address", "failed sign-ins by account"):
        lines = found_by(name)
        assert {line["reason"] for line in lines} == set(QUERIES[f"{STACK}/{name}"].wanted["reason"])
        assert all(line["address"] == "192.0.2.7" for line in lines)
        assert all("user_id" in line for line in lines if line["reason"] == "wrong_password")


def test_the_end_of_a_session_is_found_with_its_reason() -> None:
    lines = [line for line in found_by("why was a user signed out") if line["message"] == "session_ended"]
    assert {"refresh_token_reuse", "too_many_sessions", "revoked_by_client"} <= {
        one["reason"] for one in lines
    }
    assert all("user_id" in line and "session_id" in line for line in lines)


def test_outages_are_found_in_every_function_and_crashes_with_their_place() -> None:
    lines = found_by("outages")
    assert {("authorizer", "GET /me"), (None, "GET /me"), (None, "POST /oauth/token"), ("mail", None)} <= {
        (line.get("function"), line.get("route")) for line in lines
    }
    assert [line for line in lines if line["message"] == "crash" and "flows.py" in line["where"]]


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-02T03:04:05.678Z 6f747ef0-9a41-4f7e-8b0e-5d3f0a8f0c11 Task timed out after 10.01 seconds",
        '{"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"status":"timeout"}}',
    ],
    ids=["text", "JSON"],
)
def test_a_function_that_was_killed_is_counted_among_the_outages(line: str) -> None:
    query = QUERIES[f"{STACK}/outages"]
    (pattern,) = re.findall(r"parse @message /(.+)/", query.text)
    assert re.search(pattern.replace("(?<", "(?P<"), line)
    assert set(query.groups) == {f"gatehouse-prod-{one}" for one in ("api", "authorizer", "rotation", "mail")}
    for said in recording().logged:
        assert not re.search(pattern.replace("(?<", "(?P<"), json.dumps(said))


def test_batches_that_are_throttled_in_part_are_on_the_dashboard() -> None:
    shown = {one.name for one in WATCHED if one.namespace == "AWS/DynamoDB"}
    assert {"ReadThrottleEvents", "WriteThrottleEvents", "ReadKeyRangeThroughputThrottleEvents"} <= shown


def test_repeated_refreshes_are_found_with_session_and_address() -> None:
    lines = found_by("repeated refreshes")
    assert lines
    assert all(line["address"] == "192.0.2.7" and line["session_id"] and line["user_id"] for line in lines)


def test_reuse_and_corrupt_hashes_are_found_with_their_user() -> None:
    for name in ("token reuse", "corrupt hashes"):
        assert found_by(name)
        assert all("user_id" in line for line in found_by(name))


def test_no_line_carries_a_credential() -> None:
    said = json.dumps(recording().logged)
    assert not re.search(r"eyJ[A-Za-z0-9_-]{8,}|ghr_[A-Za-z0-9_-]{9,}|\$2[aby]\$|open the gate|Bearer ", said)
    assert not re.search(r"@example\.com", said)


def test_the_alarms_are_on_the_dashboard() -> None:
    (bells,) = (one["properties"]["alarms"] for one in widgets(TEMPLATE_RESOLVED) if one["type"] == "alarm")
    assert set(bells) == {f"{name}.Arn" for name in ALARMS}


def test_the_latency_of_every_function_is_on_the_dashboard() -> None:
    shown = {value for one in WATCHED if one.name == "Duration" for _, value in one.values}
    assert shown == set(FUNCTIONS)


def test_no_widget_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for one in widgets(TEMPLATE_RESOLVED):
        columns, rows = range(one["x"], one["x"] + one["width"]), range(one["y"], one["y"] + one["height"])
        cells = {(column, row) for column in columns for row in rows}
        assert not cells & taken
        assert max(columns) < 24
        taken |= cells


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_is_wrong_and_what_to_do(name: str) -> None:
    said = ALARMS[name]["AlarmDescription"]
    title, _, rest = said.partition(": ")
    assert f"\n### {title}\n" in OPERATIONS
    assert len(rest) > 60
    assert len(said) <= 1024
    for query in re.findall(r'saved query "([^"]+)"', said):
        assert f"{STACK}/{query}" in QUERIES


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_in_the_manual(name: str) -> None:
    assert name.removeprefix(f"{STACK}/").lower() in OPERATIONS.lower()


def test_the_manual_knows_every_field_and_metric() -> None:
    fields = {name for line in recording().logged for name in line}
    access = json.loads(TEMPLATE_RESOLVED.properties("RestAPIStage")["AccessLogSetting"]["Format"])
    for name in fields | set(access) | {one.value for one in Metric} | set(COUNTED):
        assert f"| `{name}`" in OPERATIONS, name
    for event in {line["message"] for line in recording().logged}:
        assert f"`{event}`" in OPERATIONS, event
