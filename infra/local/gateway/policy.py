"""Evaluates the policy that an authorizer returned, as API Gateway does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

_ACTION = "execute-api:Invoke"
_PARTS = {"Effect", "Action", "Resource", "Sid"}


class MalformedPolicyError(ValueError):
    """The document is no policy that API Gateway could evaluate."""


@dataclass(frozen=True, slots=True)
class _Statement:
    allow: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]

    def covers(self, arn: str) -> bool:
        return _any_match(self.actions, _ACTION) and _any_match(self.resources, arn)


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy document. Nothing is allowed unless a statement says so."""

    statements: tuple[_Statement, ...]

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Read a policy document. Raises MalformedPolicyError."""
        if not isinstance(document, dict) or not document.get("Statement"):
            raise MalformedPolicyError("A policy needs statements.")
        return cls(tuple(_statement(entry) for entry in _listed(document["Statement"])))

    def allows(self, arn: str) -> bool:
        """Tell whether the method behind `arn` may be called: one Deny outweighs every Allow."""
        covering = [statement.allow for statement in self.statements if statement.covers(arn)]
        return bool(covering) and all(covering)


def _statement(entry: Any) -> _Statement:
    # NotAction, NotResource and Condition would have to be evaluated; passing over one could allow too much.
    if not isinstance(entry, dict) or not set(entry) <= _PARTS:
        raise MalformedPolicyError("A statement has Effect, Action and Resource, and nothing else.")
    if entry.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError("The effect of a statement is Allow or Deny.")
    # AWS compares actions without case, resources with.
    actions = _patterns(entry.get("Action"), re.IGNORECASE)
    return _Statement(entry["Effect"] == "Allow", actions, _patterns(entry.get("Resource"), re.NOFLAG))


def _patterns(value: Any, flags: re.RegexFlag) -> tuple[re.Pattern[str], ...]:
    values = _listed(value)
    if not values or not all(isinstance(one, str) and one for one in values):
        raise MalformedPolicyError("Action and Resource are texts or lists of texts.")
    return tuple(re.compile(_wildcards(one), flags | re.DOTALL) for one in values)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _wildcards(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def _any_match(patterns: tuple[re.Pattern[str], ...], text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in patterns)
