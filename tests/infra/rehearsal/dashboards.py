"""What PutDashboard refuses, from the page "Dashboard body structure and syntax", read on 2026-11-25."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.infra.rehearsal.alarms import ID, STATISTIC
from tests.infra.rehearsal.logs_insights import faults_of_query

COLUMNS, TALLEST, MOST_WIDGETS, MOST_METRICS, MOST_ALARMS = 24, 1_000, 500, 500, 100
_BODY = {"start", "end", "periodOverride", "widgets", "variables"}
_WIDGET = {"type", "x", "y", "width", "height", "properties"}
# For each type of widget: what it must have, and what it may have besides.
_PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    "alarm": ({"alarms"}, {"sortBy", "states", "title"}),
    "log": ({"query", "region"}, {"accountId", "queryLanguage", "stacked", "title", "view"}),
    "metric": (
        {"metrics", "region"},
        {
            *(
                "accountId",
                "annotations",
                "end",
                "labels",
                "legend",
                "liveData",
                "period",
                "setPeriodToTimeRange",
            ),
            *(
                "singleValueFullPrecision",
                "sparkline",
                "stacked",
                "start",
                "stat",
                "table",
                "timezone",
                "title",
            ),
            *("trend", "view", "yAxis"),
        },
    ),
    "text": ({"markdown"}, {"background"}),
}
_VIEWS = {
    "log": {"bar", "pie", "table", "timeSeries"},
    "metric": {"bar", "gauge", "pie", "singleValue", "table", "timeSeries"},
}
_RENDERING = {"accountId", "color", "label", "period", "region", "stat", "visible", "yAxis"}
_SEARCH = re.compile(r"SEARCH\(\s*'(?:\{[^{}']+\} ?)?[^']*'\s*,\s*'(?P<stat>[^']+)'\s*(?:,\s*\d+\s*)?\)")


def faults_of_dashboard(text: str) -> Iterator[str]:
    """Return what is wrong with a DashboardBody, all intrinsics resolved."""
    try:
        body = json.loads(text)
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    yield from (f"{name} is no part of a body" for name in sorted(set(body) - _BODY))
    widgets = body.get("widgets", [])
    if len(widgets) > MOST_WIDGETS:
        yield f"more than {MOST_WIDGETS} widgets"
    for widget in widgets:
        title = widget.get("properties", {}).get("title", widget.get("type"))
        yield from (f"{title}: {fault}" for fault in _faults_of_widget(widget))


def _faults_of_widget(widget: dict[str, Any]) -> Iterator[str]:
    kind, properties = widget.get("type"), widget.get("properties", {})
    if kind not in _PROPERTIES:
        yield f"{kind} is no type of widget"
        return
    yield from (f"{name} is no part of a widget" for name in sorted(set(widget) - _WIDGET))
    yield from _faults_of_place(widget)
    needed, optional = _PROPERTIES[kind]
    yield from (f"no {name}" for name in sorted(needed - set(properties)))
    yield from (f"{name} is no property of {kind}" for name in sorted(set(properties) - needed - optional))
    if kind in _VIEWS and properties.get("view", "timeSeries") not in _VIEWS[kind]:
        yield f"{properties['view']} is no view of {kind}"
    if kind == "alarm" and not 1 <= len(properties.get("alarms", [])) <= MOST_ALARMS:
        yield f"not between 1 and {MOST_ALARMS} alarms"
    if kind == "log":
        yield from faults_of_query(re.sub(r"^(SOURCE '[^']+' \| )+", "", properties.get("query", "")))
    if kind == "metric":
        yield from _faults_of_metrics(properties)


def _faults_of_place(widget: dict[str, Any]) -> Iterator[str]:
    x, width, height = (widget.get(name, 0 if name == "x" else 6) for name in ("x", "width", "height"))
    if not (0 <= x < COLUMNS and 1 <= width <= COLUMNS - x):
        yield f"x {x} and width {width} are not within {COLUMNS} columns"
    if not 1 <= height <= TALLEST:
        yield f"height {height} is not between 1 and {TALLEST}"


def _faults_of_metrics(properties: dict[str, Any]) -> Iterator[str]:
    rows = properties.get("metrics", [])
    if len(rows) > MOST_METRICS:
        yield f"more than {MOST_METRICS} metrics"
    if "stat" in properties and not STATISTIC.fullmatch(properties["stat"]):
        yield f"{properties['stat']} is no statistic"
    ids = [one["id"] for row in rows for one in row if isinstance(one, dict) and "id" in one]
    yield from (f"id {one!r} does not begin with a lower-case letter" for one in ids if not ID.fullmatch(one))
    if len(ids) != len(set(ids)):
        yield "an id is there twice"
    for row in rows:
        yield from _faults_of_row(row)


def _faults_of_row(row: list[Any]) -> Iterator[str]:
    *words, last = row
    options = last if isinstance(last, dict) else {}
    words = words if isinstance(last, dict) else row
    is_expression = not words
    allowed = _RENDERING | {"expression", "id"} if is_expression else _RENDERING | {"id"}
    yield from (f"{name} is no option of a metric" for name in sorted(set(options) - allowed))
    if is_expression:
        match = _SEARCH.fullmatch(options.get("expression", ""))
        if match is None or not STATISTIC.fullmatch(match["stat"]):
            yield f"{options.get('expression')!r} is no search"
    elif len(words) < 2 or len(words) % 2 or not all(isinstance(one, str) for one in words):
        yield f"{words} is not a namespace, a metric, and pairs of dimension and value"
    if "stat" in options and not STATISTIC.fullmatch(options["stat"]):
        yield f"{options['stat']} is no statistic"
    if options.get("yAxis", "left") not in {"left", "right"}:
        yield "yAxis is left or right"
