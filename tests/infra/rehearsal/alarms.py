"""What PutMetricAlarm refuses, of which CloudFormation's schema says nothing.

API_PutMetricAlarm, API_MetricDataQuery and "Metric math syntax and functions" of CloudWatch's pages, read on
2026-11-25.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from tests.infra.rehearsal.metrics_insights import NotAQuery, parse

ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
STATISTIC = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|tc|ts|wm)\d{1,2}(\.\d{1,10})?")
# Without SEARCH and METRICS-like functions that return several time series; an alarm watches one.
FUNCTIONS = frozenset(
    {
        *("ABS", "AVG", "CEIL", "DATAPOINT_COUNT", "DAY", "DB_PERF_INSIGHTS", "DIFF", "DIFF_TIME", "EPOCH"),
        *(
            "FILL",
            "FIRST",
            "FLOOR",
            "HOUR",
            "IF",
            "INSIGHT_RULE_METRIC",
            "LAMBDA",
            "LAST",
            "LOG",
            "LOG10",
            "MAX",
        ),
        *(
            "METRIC_COUNT",
            "METRICS",
            "MIN",
            "MINUTE",
            "MONTH",
            "PERIOD",
            "RATE",
            "RUNNING_SUM",
            "SERVICE_QUOTA",
        ),
        *("STDDEV", "SUM", "TIME_SERIES", "YEAR", "DATE"),
    }
)
LONGEST_EXPRESSION, MOST_METRICS, MOST_EXPRESSIONS = 2048, 10, 10
DAY, WEEK, HOUR = 86_400, 604_800, 3_600
_SINGLE = {"Namespace", "MetricName", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit"}
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitXor, ast.UnaryOp, ast.USub,
    ast.UAdd, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BoolOp, ast.And, ast.Or,
    ast.Call, ast.Name, ast.Load, ast.Constant, ast.List,
)  # fmt: skip


def faults_of_alarm(alarm: dict[str, Any]) -> Iterator[str]:
    """Return what is wrong with an alarm's properties, all intrinsics resolved."""
    if "Metrics" in alarm:
        yield from (f"{name} beside Metrics" for name in sorted(_SINGLE & set(alarm)))
        yield from _faults_of_metrics(alarm["Metrics"])
        periods = [one.get("Period", one.get("MetricStat", {}).get("Period")) for one in alarm["Metrics"]]
    else:
        periods = [alarm.get("Period")]
        yield from _faults_of_statistic(alarm)
    known = [int(one) for one in periods if one is not None]
    yield from _faults_of_periods(known, int(alarm["EvaluationPeriods"]))
    if int(alarm.get("DatapointsToAlarm", 1)) > int(alarm["EvaluationPeriods"]):
        yield "more DatapointsToAlarm than EvaluationPeriods"
    if len(alarm.get("AlarmDescription", "")) > 1024:
        yield "AlarmDescription is longer than 1,024 characters"


def _faults_of_periods(periods: list[int], evaluated: int) -> Iterator[str]:
    if not periods:
        yield "no Period"
    for period in periods:
        if period not in {10, 20, 30} and (period <= 0 or period % 60):
            yield f"Period {period} is neither 10, 20, 30 nor a multiple of 60"
        if period * evaluated > (WEEK if period >= HOUR else DAY):
            yield f"{evaluated} periods of {period} s are more than an alarm looks back"


def _faults_of_statistic(metric: dict[str, Any]) -> Iterator[str]:
    statistics = [metric[name] for name in ("Statistic", "ExtendedStatistic", "Stat") if name in metric]
    if len(statistics) != 1:
        yield "not exactly one statistic"
    yield from (f"{one} is no statistic" for one in statistics if not STATISTIC.fullmatch(str(one)))


def _faults_of_metrics(metrics: list[dict[str, Any]]) -> Iterator[str]:
    ids = [one["Id"] for one in metrics]
    yield from (f"Id {one!r} does not begin with a lower-case letter" for one in ids if not ID.fullmatch(one))
    if len(ids) != len(set(ids)):
        yield "an Id is there twice"
    if any("ReturnData" not in one for one in metrics):
        yield "ReturnData is true where it is left out, so it has to be written"
    if [one.get("ReturnData", True) for one in metrics].count(True) != 1:
        yield "not exactly one ReturnData is true"
    for name, most in (("MetricStat", MOST_METRICS), ("Expression", MOST_EXPRESSIONS)):
        if sum(name in one for one in metrics) > most:
            yield f"more than {most} of {name}"
    for one in metrics:
        if ("MetricStat" in one) == ("Expression" in one):
            yield f"{one['Id']} has not exactly one of MetricStat and Expression"
        elif "MetricStat" in one:
            yield from _faults_of_statistic(one["MetricStat"])
        else:
            yield from (f"{one['Id']}: {fault}" for fault in faults_of_expression(one, set(ids)))


def faults_of_expression(query: dict[str, Any], ids: set[str]) -> Iterator[str]:
    """Return what is wrong with an entry of `Metrics` that is a query, or metric math on `ids`."""
    text = query["Expression"]
    if len(text) > LONGEST_EXPRESSION:
        yield f"longer than {LONGEST_EXPRESSION} characters"
    if re.match(r"\s*SELECT\b", text, re.IGNORECASE):
        if "Period" not in query:
            yield "a query needs a Period"
        try:
            parse(text)
        except NotAQuery as error:
            yield f"PutMetricAlarm refuses the query: {error}"
    else:
        yield from _faults_of_math(text, ids - {query["Id"]})


def _faults_of_math(text: str, ids: set[str]) -> Iterator[str]:
    python = re.sub(r"\bOR\b|\|\|", " or ", re.sub(r"\bAND\b|&&", " and ", text)).strip()
    try:
        tree = ast.parse(python, mode="eval")
    except SyntaxError:
        yield f"{text!r} is no metric math"
        return
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if id(node) in called and node.id not in FUNCTIONS:
                yield f"{node.id} is no function that an alarm may use"
            elif id(node) not in called and node.id not in ids:
                yield f"{node.id} is the Id of no other entry"
        elif not isinstance(node, _ALLOWED):
            yield f"{text!r} is no metric math"
