"""Evaluate the policy of an authorizer, as API Gateway does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

_ACTION = "execute-api:Invoke"
_PARTS = {"Effect", "Action", "Resource", "Sid"}


class MalformedPolicyError(ValueError):
    """API Gateway could not evaluate the document."""


@dataclass(frozen=True, slots=True)
class _Statement:
    allow: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]

    def covers(self, arn: str) -> bool:
        return _any_match(self.actions, _ACTION) and _any_match(self.resources, arn)


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy document. A request that no statement allows is denied."""

    statements: tuple[_Statement, ...]

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Parse a policy document. Raises MalformedPolicyError."""
        if not isinstance(document, dict) or not document.get("Statement"):
            raise MalformedPolicyError("A policy must have statements.")
        return cls(tuple(_statement(entry) for entry in _listed(document["Statement"])))

    def allows(self, arn: str) -> bool:
        """Return whether `arn` is allowed. A Deny overrides every Allow."""
        covering = [statement.allow for statement in self.statements if statement.covers(arn)]
        return bool(covering) and all(covering)


def _statement(entry: Any) -> _Statement:
    # Ignoring NotAction, NotResource or Condition could allow too much.
    if not isinstance(entry, dict) or not set(entry) <= _PARTS:
        raise MalformedPolicyError("A statement may have only Effect, Action, Resource and Sid.")
    if entry.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError("The effect of a statement must be Allow or Deny.")
    # AWS ignores case in actions, but not in resources.
    actions = _patterns(entry.get("Action"), re.IGNORECASE)
    return _Statement(entry["Effect"] == "Allow", actions, _patterns(entry.get("Resource"), re.NOFLAG))


def _patterns(value: Any, flags: re.RegexFlag) -> tuple[re.Pattern[str], ...]:
    values = _listed(value)
    if not values or not all(isinstance(one, str) and one for one in values):
        raise MalformedPolicyError("Action and Resource must be strings or lists of strings.")
    return tuple(re.compile(_wildcards(one), flags | re.DOTALL) for one in values)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _wildcards(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def _any_match(patterns: tuple[re.Pattern[str], ...], text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in patterns)
