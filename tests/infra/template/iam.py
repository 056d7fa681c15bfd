"""As much of IAM as the functions' policies use. What it does not know it refuses to judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.template.calls import Call

_LEADING_KEYS = "dynamodb:LeadingKeys"
_ATTRIBUTES = "dynamodb:Attributes"
_FROM = "ses:FromAddress"
# AWS documents it so for reads: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_dynamodb_attributes.html
_ONLY_PROJECTED = {
    "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    "Null": {_ATTRIBUTES: "false"},
}
_ANY = ("*",)


@dataclass(frozen=True)
class Grant:
    """The smallest thing that a policy allows: an action on a resource, for a key and an attribute."""

    action: str
    resource: str
    key: str = "*"
    attribute: str = "*"


class Policy:
    """A policy document whose intrinsics are resolved."""

    def __init__(self, document: dict[str, Any]) -> None:
        assert document["Version"] == "2012-10-17"
        self._statements = document["Statement"]
        for statement in self._statements:
            assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}, statement
            assert statement["Effect"] == "Allow", statement

    def allows(self, call: Call) -> bool:
        """Tell whether one statement alone allows the call, as IAM asks for it."""
        return any(
            any(fnmatchcase(call.action, pattern) for pattern in _list(statement["Action"]))
            and any(fnmatchcase(call.resource, pattern) for pattern in _list(statement["Resource"]))
            and _all_match(call.keys, _patterns(statement, _LEADING_KEYS))
            and _all_match(call.attributes, _patterns(statement, _ATTRIBUTES))
            and (call.attributes or not _reads_projected_only(statement))
            for statement in self._statements
        )

    def grants(self) -> Iterator[Grant]:
        """Return all that the policy allows, in pieces."""
        for statement in self._statements:
            for action in _list(statement["Action"]):
                for resource in _list(statement["Resource"]):
                    for key in _patterns(statement, _LEADING_KEYS):
                        for attribute in _patterns(statement, _ATTRIBUTES):
                            yield Grant(action, resource, key, attribute)


def is_used(grant: Grant, calls: set[Call]) -> bool:
    """Tell whether a call needed this piece."""
    return any(
        fnmatchcase(call.action, grant.action)
        and fnmatchcase(call.resource, grant.resource)
        and (grant.key == "*" or any(fnmatchcase(key, grant.key) for key in call.keys))
        and (grant.attribute == "*" or any(fnmatchcase(one, grant.attribute) for one in call.attributes))
        for call in calls
    )


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _patterns(statement: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return the patterns that the one known kind of condition has for partition keys or attributes."""
    condition = statement.get("Condition")
    if condition is None:
        return _ANY
    if "StringEquals" in condition:
        assert set(condition) == {"StringEquals"}, condition
        assert set(condition["StringEquals"]) == {_FROM}, condition
        return (condition["StringEquals"][_FROM],) if name == _LEADING_KEYS else _ANY
    others = {name: one for name, one in condition.items() if name != "ForAllValues:StringLike"}
    assert others in ({}, _ONLY_PROJECTED), condition
    assert _LEADING_KEYS in condition["ForAllValues:StringLike"], condition
    assert set(condition["ForAllValues:StringLike"]) <= {_LEADING_KEYS, _ATTRIBUTES}, condition
    return tuple(condition["ForAllValues:StringLike"].get(name, _ANY))


def _reads_projected_only(statement: dict[str, Any]) -> bool:
    """Tell whether a request that names no attributes, and so asks for all, is refused."""
    return "Null" in statement.get("Condition", {})


def _all_match(keys: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    # ForAllValues: every one of the request's, and so also none at all.
    return all(any(fnmatchcase(key, pattern) for pattern in patterns) for key in keys)
