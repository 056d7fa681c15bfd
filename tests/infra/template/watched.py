"""What dashboard, alarms and saved queries name: metrics, dimensions, log fields and values of theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.rehearsal.metrics_insights import MetricsQuery, parse
from tests.infra.template.resolved import Resolved

_SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[^}]+)\} (?P<filter>[^']+)', '(?P<stat>\w+)', \d+\)")
_TERM = re.compile(r'(?P<no>NOT )?(?P<name>\w+)="(?P<value>[^"]*)"')


@dataclass(frozen=True)
class Watched:
    """A metric that is looked at. `values` are dimensions with a value that is asked for, `excluded` not."""

    where: str
    namespace: str
    name: str
    dimensions: frozenset[str]
    values: frozenset[tuple[str, str]] = frozenset()
    excluded: frozenset[tuple[str, str]] = frozenset()


def watched(template: Resolved) -> Iterator[Watched]:
    """Return every metric that an alarm or the dashboard looks at."""
    for name, alarm in template.of_type("AWS::CloudWatch::Alarm").items():
        yield from _of_alarm(name, alarm)
    for widget in widgets(template):
        for row in widget["properties"].get("metrics", ()):
            yield _of_row(widget["properties"]["title"], row)


def widgets(template: Resolved) -> list[dict[str, Any]]:
    """Return the dashboard's widgets."""
    body = json.loads(template.properties("Dashboard")["DashboardBody"])
    found: list[dict[str, Any]] = body["widgets"]
    return found


def _of_alarm(name: str, alarm: dict[str, Any]) -> Iterator[Watched]:
    if "MetricName" in alarm:
        yield _plain(name, alarm)
    for one in alarm.get("Metrics", ()):
        if "MetricStat" in one:
            yield _plain(name, one["MetricStat"]["Metric"])
        elif one["Expression"].startswith("SELECT"):
            yield _of_query(name, parse(one["Expression"]))
        # Anything else is arithmetic on the others.


def _of_query(where: str, query: MetricsQuery) -> Watched:
    namespace, *dimensions = query.schema
    wanted, excluded = (
        frozenset((key, value) for key, sign, value in query.where if sign == operator)
        for operator in ("=", "!=")
    )
    return Watched(
        where,
        namespace,
        query.metric,
        frozenset(dimensions),
        wanted,
        excluded,
    )


def _plain(where: str, metric: dict[str, Any]) -> Watched:
    values = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
    return Watched(
        where, metric["Namespace"], metric["MetricName"], frozenset(values), frozenset(values.items())
    )


def _of_row(where: str, row: list[Any]) -> Watched:
    if isinstance(row[0], str):
        namespace, name, *rest = [one for one in row if isinstance(one, str)]
        pairs = frozenset(zip(rest[::2], rest[1::2], strict=True))
        return Watched(where, namespace, name, frozenset(key for key, _ in pairs), pairs)
    match = _SEARCH.fullmatch(row[0]["expression"])
    assert match, row
    namespace, *dimensions = match["schema"].split(",")
    terms = list(_TERM.finditer(match["filter"]))
    assert re.sub(r"\s", "", _TERM.sub("", match["filter"])) == "", match["filter"]
    wanted = {term["name"]: term["value"] for term in terms if not term["no"]}
    name = wanted.pop("MetricName")
    excluded = frozenset((term["name"], term["value"]) for term in terms if term["no"])
    return Watched(where, namespace, name, frozenset(dimensions), frozenset(wanted.items()), excluded)


@dataclass(frozen=True)
class Query:
    """A query of Logs Insights, taken apart as far as its names go."""

    groups: tuple[str, ...]
    text: str

    @property
    def commands(self) -> list[str]:
        """Return the commands without comments."""
        lines = [line for line in self.text.splitlines() if not line.strip().startswith("#")]
        # With its spaces: one inside a regular expression has none.
        return [one.strip() for one in " ".join(map(str.strip, lines)).split(" | ")]

    @property
    def wanted(self) -> dict[str, set[str]]:
        """Return the values that a filter names, by field."""
        found: dict[str, set[str]] = {}
        for command in self.commands:
            for field, one, several in re.findall(r'([\w.]+) (?:= "([^"]*)"|in \[([^\]]*)\])', command):
                values = re.findall(r'"([^"]*)"', several) if several else [one]
                found.setdefault(field, set()).update(value for value in values if value)
        return found

    @property
    def fields(self) -> set[str]:
        """Return the names that are neither words of the language, nor made by the query itself."""
        made = set(re.findall(r"\bas (\w+)", self.text)) | set(re.findall(r"\(\?<(\w+)>", self.text))
        names: set[str] = set()
        for command in self.commands:
            bare = re.sub(r'"[^"]*"|/[^/]*/', " ", command)
            # A field with the name of a word of the language needs backquotes.
            names |= set(re.findall(r"`([^`]+)`", bare))
            names |= set(re.findall(r"@?[A-Za-z_][\w.]*", re.sub(r"`[^`]+`", " ", bare))) - _WORDS
        return names - made


_COMMANDS = {"filter", "stats", "display", "sort", "limit", "parse"}
_FUNCTIONS = {"count", "count_distinct", "min", "max", "avg", "bin", "ispresent"}
_WORDS = _COMMANDS | _FUNCTIONS | {"desc", "asc", "by", "as", "and", "or", "in", "like", "h"}


def queries(template: Resolved) -> dict[str, Query]:
    """Return the saved queries, and those of the dashboard, by name."""
    saved = template.of_type("AWS::Logs::QueryDefinition").values()
    found = {one["Name"]: Query(tuple(one["LogGroupNames"]), one["QueryString"]) for one in saved}
    for widget in widgets(template):
        if "query" in widget["properties"]:
            text = widget["properties"]["query"]
            groups = tuple(re.findall(r"SOURCE '([^']+)'", text))
            rest = re.sub(r"SOURCE '[^']+' \| ", "", text)
            found[widget["properties"]["title"]] = Query(groups, rest)
    return found
