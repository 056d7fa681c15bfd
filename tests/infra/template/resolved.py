"""A template with certain parameters, with every intrinsic function evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.cloudformation import Evaluator, parameter_defaults

STACK = "gatehouse-prod"
ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::StackName": STACK,
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


class Resolved:
    """A template with one set of parameters. `!Ref` of a resource gives its logical id."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> None:
        self._document = document
        # As a deploy of this stack says; the template itself names no stage.
        stage = {"Stage": STACK.removeprefix("gatehouse-")}
        self.parameters = {**parameter_defaults(document), **stage, **(parameters or {})}
        values = {name: name for name in document["Resources"]} | PSEUDO | self.parameters
        evaluator = Evaluator(document, values.__getitem__, self._attribute)
        self.resources: dict[str, dict[str, Any]] = evaluator.resolve(evaluator.present("Resources"))
        self.outputs: dict[str, dict[str, Any]] = evaluator.resolve(evaluator.present("Outputs"))

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties."""
        found: dict[str, Any] = self.resources[logical_id]["Properties"]
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of every resource of a type."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    def _attribute(self, resource: str, attribute: str) -> str:
        kind = self._document["Resources"][resource]["Type"]
        if (kind, attribute) == ("AWS::DynamoDB::Table", "Arn"):
            return f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{resource}"
        if (kind, attribute) == ("AWS::Logs::LogGroup", "Arn"):
            return f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{resource}:*"
        return f"{resource}.{attribute}"
