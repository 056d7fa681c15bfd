"""The query language of CloudWatch Metrics Insights, as its page has it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html,
read on 2026-11-25:

    SELECT FUNCTION(metricName) FROM namespace | SCHEMA(namespace [, labelKey ...])
    [WHERE labelKey = | != 'labelValue' [AND ...]] [GROUP BY labelKey [, ...]]
    [ORDER BY FUNCTION() [DESC | ASC]] [LIMIT number]

There is no OR, no IN, no LIKE and no parenthesis in WHERE. Reserved words, of which there are hundreds, must
be quoted as identifiers; so here every identifier has to be quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FUNCTIONS = {"AVG", "COUNT", "MAX", "MIN", "SUM"}
LARGEST_LIMIT = 500
_TOKEN = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<name>"[^"]+")|(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<sign>!=|[(),=]))"""
)
_END = ("end", "")


class NotAQuery(ValueError):
    """What PutMetricAlarm would refuse; the message says where."""


@dataclass(frozen=True)
class MetricsQuery:
    """A query, taken apart. `schema` has the namespace first; `where` has key, operator and value."""

    function: str
    metric: str
    schema: tuple[str, ...]
    where: tuple[tuple[str, str, str], ...] = ()
    group_by: tuple[str, ...] = ()


def parse(text: str) -> MetricsQuery:
    """Return the parts of a query. Raises NotAQuery."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(self._split(text))
        self._at = 0

    @staticmethod
    def _split(text: str) -> list[tuple[str, str]]:
        found, position = [], 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise NotAQuery(f"unexpected {text[position : position + 20]!r}")
            found.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        return [*found, _END]

    def query(self) -> MetricsQuery:
        self._word("SELECT")
        function = self._function()
        self._sign("(")
        metric = self._name()
        self._sign(")")
        self._word("FROM")
        schema = self._schema() if self._is_word("SCHEMA") else (self._name(),)
        where = self._conditions() if self._is_word("WHERE") else ()
        group_by = self._group() if self._is_word("GROUP") else ()
        if self._is_word("ORDER"):
            self._order()
        if self._is_word("LIMIT") and not 0 < int(self._take("number")) <= LARGEST_LIMIT:
            raise NotAQuery(f"LIMIT is 1 to {LARGEST_LIMIT}")
        if self._tokens[self._at] != _END:
            raise NotAQuery(f"unexpected {self._tokens[self._at][1]!r}")
        return MetricsQuery(function, metric, schema, where, group_by)

    def _schema(self) -> tuple[str, ...]:
        self._sign("(")
        names = self._names()
        self._sign(")")
        return names

    def _conditions(self) -> tuple[tuple[str, str, str], ...]:
        found = [self._condition()]
        while self._is_word("AND"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> tuple[str, str, str]:
        key, operator = self._name(), self._take("sign")
        if operator not in {"=", "!="}:
            raise NotAQuery(f"{operator!r} is no operator of WHERE")
        return key, operator, self._take("text")[1:-1].replace("''", "'")

    def _group(self) -> tuple[str, ...]:
        self._word("BY")
        return self._names()

    def _order(self) -> None:
        self._word("BY")
        self._function()
        self._sign("(")
        self._sign(")")
        _ = self._is_word("DESC") or self._is_word("ASC")

    def _names(self) -> tuple[str, ...]:
        found = [self._name()]
        while self._tokens[self._at] == ("sign", ","):
            self._at += 1
            found.append(self._name())
        return tuple(found)

    def _name(self) -> str:
        return self._take("name")[1:-1]

    def _function(self) -> str:
        function = self._take("word").upper()
        if function not in FUNCTIONS:
            raise NotAQuery(f"{function} is no function of Metrics Insights")
        return function

    def _is_word(self, word: str) -> bool:
        kind, value = self._tokens[self._at]
        is_it = kind == "word" and value.upper() == word
        self._at += is_it
        return is_it

    def _word(self, word: str) -> None:
        if not self._is_word(word):
            raise NotAQuery(f"{word} is missing before {self._tokens[self._at][1]!r}")

    def _sign(self, sign: str) -> None:
        if self._take("sign") != sign:
            raise NotAQuery(f"{sign!r} is missing")

    def _take(self, kind: str) -> str:
        found, value = self._tokens[self._at]
        if found != kind:
            raise NotAQuery(f"a {kind} is missing before {value!r}")
        self._at += 1
        return value
