"""A template as CloudFormation would read it with certain parameters: every intrinsic put in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

STACK = "gatehouse-prod"
ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::StackName": STACK,
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
_ABSENT = object()


class Resolved:
    """One template with one set of parameters. A reference to a resource becomes a name that tells which."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> None:
        self._document = document
        declared = {name: str(one["Default"]) for name, one in document["Parameters"].items()}
        # As a deploy of this stack says; the template itself names no stage.
        stage = {"Stage": STACK.removeprefix("gatehouse-")}
        self.parameters = {**declared, **stage, **(parameters or {})}
        self.resources: dict[str, dict[str, Any]] = self._present("Resources")
        self.outputs: dict[str, dict[str, Any]] = self._present("Outputs")

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties."""
        found: dict[str, Any] = self.resources[logical_id]["Properties"]
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of every resource of a type."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    def value(self, node: Any) -> Any:
        """Return a part of the template with its intrinsics resolved."""
        if isinstance(node, list):
            return [one for one in map(self.value, node) if one is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in {"Ref", "Condition"} or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        values = {key: self.value(one) for key, one in node.items()}
        return {key: one for key, one in values.items() if one is not _ABSENT}

    def _present(self, section: str) -> dict[str, dict[str, Any]]:
        """Return the entries whose condition holds. `Condition` is a name there, and not an intrinsic."""
        found = {}
        for name, entry in self._document[section].items():
            if "Condition" not in entry or self._condition(entry["Condition"]):
                found[name] = {key: one for key, one in entry.items() if key != "Condition"}
        return {name: self.value(entry) for name, entry in found.items()}

    def _condition(self, name: str) -> bool:
        return bool(self.value(self._document["Conditions"][name]))

    def _intrinsic(self, name: str, argument: Any) -> Any:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._reference,
            "Condition": self._condition,
            "Fn::If": lambda parts: self.value(parts[1] if self._condition(parts[0]) else parts[2]),
            "Fn::Equals": lambda sides: len({str(self.value(one)) for one in sides}) == 1,
            "Fn::Not": lambda one: not self.value(one[0]),
            "Fn::And": lambda all_of: all(self.value(one) for one in all_of),
            "Fn::Or": lambda any_of: any(self.value(one) for one in any_of),
            "Fn::GetAtt": lambda one: self._attribute(*(one.split(".", 1) if isinstance(one, str) else one)),
            "Fn::Select": lambda one: self.value(one[1][int(one[0])]),
            "Fn::Sub": self._substitute,
            "Fn::Join": lambda parts: parts[0].join(str(self.value(one)) for one in parts[1]),
        }
        return functions[name](argument)

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _ABSENT
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        assert name in self._document["Resources"], name
        if name == "SigningSecret":
            return f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:SigningSecret-AbCdEf"
        return name

    def _attribute(self, resource: str, attribute: str) -> str:
        assert resource in self._document["Resources"], resource
        kind = self._document["Resources"][resource]["Type"]
        if (kind, attribute) == ("AWS::DynamoDB::Table", "Arn"):
            return f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{resource}"
        if (kind, attribute) == ("AWS::Logs::LogGroup", "Arn"):
            return f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{resource}:*"
        return f"{resource}.{attribute}"

    def _substitute(self, argument: Any) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})

        def put(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(self.value(given[name]))
            return self._attribute(*name.split(".", 1)) if "." in name else str(self._reference(name))

        return re.sub(r"\$\{([^!][^}]*)\}", put, text).replace("${!", "${")
