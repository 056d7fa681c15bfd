"""The query language of CloudWatch Logs Insights, as far as its pages give rules.

CWL_QuerySyntax and CWL_QuerySyntax-Guidelines of CloudWatch Logs, read on 2026-11-25. A field with other
characters than letters, digits, `@`, `.` and `_` has to be in backticks. The pages do not say what a bare
name like `where` or `latest` means, so a field or an alias that is named like a word of the language has to
be in backticks, or be renamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

COMMANDS = frozenset(
    {
        *(
            "addtotals",
            "anomaly",
            "dedup",
            "diff",
            "display",
            "fields",
            "filter",
            "filterindex",
            "join",
            "limit",
        ),
        *("lookup", "parse", "pattern", "sort", "source", "stats", "unmask", "unnest"),
    }
)
FUNCTIONS = frozenset(
    {
        *(
            "avg",
            "count",
            "count_distinct",
            "max",
            "min",
            "pct",
            "stddev",
            "sum",
            "earliest",
            "latest",
            "sortsfirst",
        ),
        *(
            "sortslast",
            "abs",
            "ceil",
            "floor",
            "greatest",
            "least",
            "log",
            "sqrt",
            "bin",
            "datefloor",
            "dateceil",
        ),
        *(
            "frommillis",
            "tomillis",
            "now",
            "ispresent",
            "coalesce",
            "isblank",
            "isempty",
            "concat",
            "strlen",
            "trim",
        ),
        *(
            "ltrim",
            "rtrim",
            "tolower",
            "toupper",
            "substr",
            "replace",
            "strcontains",
            "isvalidip",
            "isvalidipv4",
        ),
        *("isvalidipv6", "isipinsubnet", "isipv4insubnet", "isipv6insubnet", "jsonparse", "jsonstringify"),
    }
)
KEYWORDS = frozenset({"and", "as", "asc", "by", "desc", "in", "like", "not", "or", "where", "case", "when"})
LONGEST_QUERY, LARGEST_LIMIT, MOST_GROUPS = 10_000, 10_000, 50
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<regex>/(?:[^/\\]|\\.)+/)|(?P<quoted>`[^`]+`)|(?P<name>@?[A-Za-z_][\w.]*)"""
    r"""|(?P<number>\d+(?:\.\d+)?[a-z]*)|(?P<sign>=~|!=|<=|>=|[=<>(),\[\]*+\-/%^]))"""
)
# Each command after these sees what they made, and nothing of the log.
_LIMITING = {"stats"}


@dataclass(frozen=True)
class Token:
    """A piece of a command. A name in backticks is of kind `quoted`, without them."""

    kind: str
    value: str


_END = Token("end", "")


def faults_of_query(text: str) -> Iterator[str]:
    """Return what is wrong with a query."""
    if len(text) > LONGEST_QUERY:
        yield f"longer than {LONGEST_QUERY} characters"
    visible: set[str] | None = None
    for command in commands_of(text):
        try:
            tokens = list(_tokens(command))
        except ValueError as error:
            yield str(error)
            continue
        name = tokens[0].value.lower() if tokens else ""
        if name not in COMMANDS or tokens[0].kind != "name":
            yield f"{command!r} begins with no command"
            continue
        yield from _faults_of_names(tokens[1:])
        yield from _faults_of_command(name, tokens[1:])
        read, made = _fields(tokens[1:])
        if visible is not None and name not in _LIMITING:
            yield from (f"{one} is gone after stats" for one in sorted(read - visible - made))
        if name in _LIMITING:
            visible = made | _grouped_by(tokens)


def commands_of(text: str) -> list[str]:
    """Return the commands without comments. A bar inside a string or a regular expression parts none."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    pieces = re.findall(r"""(?:"[^"]*"|'[^']*'|/(?:[^/\\\n]|\\.)+/|[^|])+""", " ".join(lines))
    return [one.strip() for one in pieces]


def _tokens(command: str) -> Iterator[Token]:
    position = 0
    while position < len(command.rstrip()):
        match = _TOKEN.match(command, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"unexpected {command[position : position + 20].strip()!r}")
        value = match[match.lastgroup]
        yield Token(match.lastgroup, value.strip("`") if match.lastgroup == "quoted" else value)
        position = match.end()


def _faults_of_names(tokens: list[Token]) -> Iterator[str]:
    """Look for names that could be taken for a word of the language."""
    for token, following in pairwise([*tokens, _END]):
        word = token.value.lower()
        is_call = following == Token("sign", "(")
        if token.kind != "name" or (is_call and word in FUNCTIONS):
            continue
        if is_call and word not in KEYWORDS:
            yield f"{token.value} is no function"
        elif word in COMMANDS | FUNCTIONS | {"where", "case", "when"}:
            yield f"{token.value} has to be in backticks, or be named otherwise"


def _faults_of_command(name: str, tokens: list[Token]) -> Iterator[str]:
    kinds = [one.kind for one in tokens]
    if name == "limit" and (kinds != ["number"] or not 0 < int(tokens[0].value) <= LARGEST_LIMIT):
        yield f"limit takes one number up to {LARGEST_LIMIT}"
    if name == "display" and Token("sign", "(") in tokens:
        yield "display takes fields only"
    if name == "sort" and not set(kinds) <= {"name", "quoted", "sign"}:
        yield "sort takes fields only"
    if name != "limit" and not tokens:
        yield f"{name} takes something"
    for opening, closing in ("()", "[]"):
        values = [one.value for one in tokens if one.kind == "sign"]
        if values.count(opening) != values.count(closing):
            yield f"{opening} without {closing}"


def _fields(tokens: list[Token]) -> tuple[set[str], set[str]]:
    """Return the names that a command reads, and those that it makes."""
    read: set[str] = set()
    made: set[str] = set()
    before = Token("start", "")
    for token, following in pairwise([*tokens, _END]):
        if token.kind == "regex":
            made |= set(re.findall(r"\(\?<(\w+)>", token.value))
        is_name = token.kind == "quoted" or (token.kind == "name" and token.value.lower() not in KEYWORDS)
        if is_name and following != Token("sign", "("):
            (made if before.value.lower() == "as" else read).add(token.value)
        before = token
    return read, made


def _grouped_by(tokens: list[Token]) -> set[str]:
    words = [one.value.lower() for one in tokens]
    if "by" not in words:
        return set()
    read, made = _fields(tokens[words.index("by") + 1 :])
    return read | made
