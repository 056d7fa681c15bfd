"""Alarms, saved queries and the dashboard, held to what CloudWatch takes; and what each rule refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.rehearsal.alarms import faults_of_alarm
from tests.infra.rehearsal.dashboards import faults_of_dashboard
from tests.infra.rehearsal.logs_insights import LONGEST_QUERY, MOST_GROUPS, faults_of_query
from tests.infra.rehearsal.metrics_insights import NotAQuery, parse
from tests.infra.rehearsal.subject import of_type

ALARMS = of_type("AWS::CloudWatch::Alarm")
QUERIES = of_type("AWS::Logs::QueryDefinition")
DASHBOARDS = of_type("AWS::CloudWatch::Dashboard")
SCHEMA = 'SELECT SUM("SignIn") FROM SCHEMA("Gatehouse", "outcome", "service")'


@pytest.mark.parametrize(("name", "alarm"), ALARMS)
def test_an_alarm_is_taken(name: str, alarm: dict[str, Any]) -> None:
    assert list(faults_of_alarm(alarm)) == [], name


@pytest.mark.parametrize(("name", "query"), QUERIES)
def test_a_saved_query_is_taken(name: str, query: dict[str, Any]) -> None:
    assert list(faults_of_query(query["QueryString"])) == [], name
    assert 1 <= len(query["LogGroupNames"]) <= MOST_GROUPS
    assert 1 <= len(query["Name"]) <= 255


@pytest.mark.parametrize(("name", "dashboard"), DASHBOARDS)
def test_a_dashboard_is_taken(name: str, dashboard: dict[str, Any]) -> None:
    assert list(faults_of_dashboard(dashboard["DashboardBody"])) == [], name


def test_there_is_something_to_look_at() -> None:
    assert min(len(ALARMS), len(QUERIES), len(DASHBOARDS)) > 0


@pytest.mark.parametrize(
    "query",
    [
        SCHEMA,
        f"{SCHEMA} WHERE \"service\" = 'a' AND \"outcome\" != 'b''c'",
        f'{SCHEMA} GROUP BY "outcome" ORDER BY MAX() DESC LIMIT 5',
        'select count("A") from "AWS/Lambda" group by "x", "y" order by avg() limit 500',
    ],
)
def test_a_query_of_metrics_that_aws_documents(query: str) -> None:
    assert parse(query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            f"{SCHEMA} WHERE \"service\" = 'a' AND (\"outcome\" = 'b' OR \"outcome\" = 'c')",
            "a name is missing",
        ),
        (f"{SCHEMA} WHERE \"outcome\" = 'b' OR \"outcome\" = 'c'", "unexpected 'OR'"),
        (f"{SCHEMA} WHERE \"outcome\" IN ('b')", "a sign is missing"),
        (f'{SCHEMA} WHERE "outcome" = "b"', "a text is missing"),
        (f"{SCHEMA} WHERE outcome = 'b'", "a name is missing"),
        (f"{SCHEMA} WHERE \"outcome\" > 'b'", "unexpected"),
        (f"{SCHEMA} LIMIT 501", "LIMIT is 1 to 500"),
        (f'{SCHEMA} ORDER BY SUM() GROUP BY "x"', "unexpected 'GROUP'"),
        ('SELECT P99("SignIn") FROM "Gatehouse"', "P99 is no function"),
        ('SELECT SUM("SignIn") FROM SCHEMA()', "a name is missing"),
        ('SELECT SUM("SignIn") WHERE "x" = \'y\'', "FROM is missing"),
        ('SELECT * FROM "Gatehouse"', "unexpected"),
    ],
)
def test_a_query_of_metrics_that_aws_does_not_have(query: str, reason: str) -> None:
    with pytest.raises(NotAQuery, match=reason):
        parse(query)


def metric(name: str, **changes: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []}, "Period": 60, "Stat": "Sum"}
    return {"Id": name, "ReturnData": False, "MetricStat": stat | changes}


def math(text: str, name: str = "total", **changes: Any) -> dict[str, Any]:
    return {"Id": name, "ReturnData": True, "Expression": text} | changes


def alarm(*metrics: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"EvaluationPeriods": 1, "Metrics": list(metrics)} | changes


def test_an_alarm_on_metric_math() -> None:
    taken = alarm(math("IF(a > 1 AND FILL(b, 0) != 2, SUM([a, b]) / 2, -1)"), metric("a"), metric("b"))
    assert list(faults_of_alarm(taken)) == []


@pytest.mark.parametrize(
    ("refused", "fault"),
    [
        (alarm(math("a + b"), metric("a")), "b is the Id of no other entry"),
        (alarm(math("total + a"), metric("a")), "total is the Id of no other entry"),
        (alarm(math("a +"), metric("a")), "is no metric math"),
        (alarm(math("a if a else a"), metric("a")), "is no metric math"),
        (alarm(math("SEARCH('x', 'Sum', 60)"), metric("a")), "SEARCH is no function"),
        (alarm(math("sum(a)"), metric("a")), "sum is no function"),
        (alarm(math("A", "total"), metric("A")), "does not begin with a lower-case letter"),
        (alarm(math("a"), metric("a") | {"ReturnData": True}), "not exactly one ReturnData"),
        (alarm(math("a") | {"ReturnData": False}, metric("a")), "not exactly one ReturnData"),
        (alarm({"Id": "total", "Expression": "a"}, metric("a")), "it has to be written"),
        (alarm(math("a"), metric("a"), metric("a")), "an Id is there twice"),
        (alarm(math("a"), *(metric(f"a{n}") for n in range(11)), metric("a")), "more than 10 of MetricStat"),
        (alarm(math("a") | metric("a"), metric("b")), "not exactly one of MetricStat and Expression"),
        (alarm(math("a"), metric("a", Stat="p100.5x")), "is no statistic"),
        (alarm(math("a"), metric("a", Period=90)), "nor a multiple of 60"),
        (alarm(math("a"), metric("a", Period=3540), EvaluationPeriods=25), "more than an alarm looks back"),
        (alarm(math("a"), metric("a"), DatapointsToAlarm=2), "more DatapointsToAlarm"),
        (alarm(math("a"), metric("a"), MetricName="M"), "MetricName beside Metrics"),
        (alarm(math(SCHEMA)), "a query needs a Period"),
        (alarm(math(f"{SCHEMA} WHERE \"x\" = 'a' OR \"x\" = 'b'", Period=60)), "refuses the query"),
        (alarm(math("a" + " " * 2048), metric("a")), "longer than 2048"),
        (alarm(math("a"), metric("a"), AlarmDescription="x" * 1025), "longer than 1,024"),
        ({"EvaluationPeriods": 1, "Period": 60, "Statistic": "Median"}, "Median is no statistic"),
        ({"EvaluationPeriods": 1, "Period": 60}, "not exactly one statistic"),
        ({"EvaluationPeriods": 1, "Statistic": "Sum"}, "no Period"),
    ],
)
def test_an_alarm_that_aws_refuses(refused: dict[str, Any], fault: str) -> None:
    assert [one for one in faults_of_alarm(refused) if fault in one]


@pytest.mark.parametrize(
    "query",
    [
        "# with | a bar\nfields @timestamp, `a-b` | filter @message like /a|b (\\/)/ | sort @timestamp desc",
        'filter a = "x | y" and b in ["c"] | stats count(*) as n, max(@timestamp) as x by `where`, bin(1h)',
        "stats count(*) as n by address | sort n desc | display address, n | limit 10",
        "parse @message /took (?<ms>[0-9.]+) ms/ | stats avg(ms) as mean by @log | sort mean",
    ],
)
def test_a_query_of_logs_that_aws_documents(query: str) -> None:
    assert list(faults_of_query(query)) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("where a = 1", "begins with no command"),
        ("filter a = 1 | | limit 1", "begins with no command"),
        ("stats count(*) by where", "where has to be in backticks"),
        ("stats max(@timestamp) as latest by a", "latest has to be in backticks"),
        ("fields limit", "limit has to be in backticks"),
        ("stats median(a)", "median is no function"),
        ("limit many", "limit takes one number"),
        ("limit 100001", "limit takes one number"),
        ("display count(*)", "display takes fields only"),
        ('sort "a" desc', "sort takes fields only"),
        ("filter", "filter takes something"),
        ("filter (a = 1", "( without )"),
        ("filter a = ;", "unexpected ';'"),
        ("filter a = 'open", "unexpected"),
        ("stats count(*) as n by a | sort b", "b is gone after stats"),
        ("limit 1 #" + "x" * LONGEST_QUERY, "longer than 10000"),
    ],
)
def test_a_query_of_logs_that_aws_does_not_have(query: str, fault: str) -> None:
    assert [one for one in faults_of_query(query) if fault in one]


def board(widget: dict[str, Any] | None = None, **properties: Any) -> str:
    whole = {"type": "metric", "x": 0, "y": 0, "width": 8, "height": 6} | (widget or {})
    whole.setdefault("properties", {"region": "r", "metrics": [["N", "M", "D", "v"]]} | properties)
    return json.dumps({"widgets": [whole]})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "no JSON"),
        (json.dumps({"widgets": [], "title": "x"}), "title is no part of a body"),
        (json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "x"}}] * 501}), "more than 500"),
        (board({"type": "graph"}), "graph is no type"),
        (board({"title": "x"}), "title is no part of a widget"),
        (board({"x": 20}), "not within 24 columns"),
        (board({"height": 0}), "height 0"),
        (board({"properties": {"metrics": []}}), "no region"),
        (board(query="x"), "query is no property of metric"),
        (board(view="heatmap"), "heatmap is no view"),
        (board(stat="P99"), "P99 is no statistic"),
        (board(metrics=[["N", "M", "D"]]), "pairs of dimension and value"),
        (board(metrics=[["N", "M", {"statistic": "Sum"}]]), "statistic is no option"),
        (board(metrics=[["N", "M", {"yAxis": "middle"}]]), "yAxis is left or right"),
        (board(metrics=[["N", "M", {"stat": "99"}]]), "99 is no statistic"),
        (board(metrics=[[{"expression": "SEARCH('{N} M', 'Summe', 300)", "id": "a"}]]), "is no search"),
        (board(metrics=[["N", "M", {"id": "Upper"}]]), "does not begin with a lower-case letter"),
        (board(metrics=[["N", "M", {"id": "a"}], ["N", "O", {"id": "a"}]]), "an id is there twice"),
        (board({"type": "alarm", "properties": {"alarms": []}}), "not between 1 and 100"),
        (board({"type": "log", "properties": {"region": "r", "query": "where a"}}), "begins with no command"),
    ],
)
def test_a_dashboard_that_aws_refuses(text: str, fault: str) -> None:
    assert [one for one in faults_of_dashboard(text) if fault in one]


def test_the_smallest_dashboard() -> None:
    assert list(faults_of_dashboard(board())) == []
