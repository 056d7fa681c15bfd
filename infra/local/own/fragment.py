"""Read `infra/functions.yaml`, and reduce it to what the local AWS can create."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from infra.cloudformation import Evaluator, parameter_defaults
from infra.local.environment import STAGE
from infra.parameters import given_by

_INFRA = Path(__file__).resolve().parents[2]
FRAGMENT = _INFRA / "functions.yaml"
_SERVICE = _INFRA / "template" / "service.yaml"
CREATED = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::S3::Bucket",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
    }
)
"""Types of resources that exist locally; functions, roles and alarms do not."""
_NAMED_BY = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SSM::Parameter": "Name",
}
"""The property that is also the value of `!Ref`."""
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type of resource
_PLACEHOLDER = re.compile(r"\$\{([^!.}]+)[^}]*\}")

Document = dict[str, Any]


class Fragment:
    """The resources and environment variables of own functions, with their parameters set."""

    def __init__(
        self, own: Mapping[str, Any], service: Mapping[str, Any], environment: Mapping[str, str]
    ) -> None:
        self._sections = {
            name: {**(service.get(name) or {}), **(own.get(name) or {})}
            for name in ("Parameters", "Conditions")
        }
        declared = self._sections["Parameters"]
        given = given_by({**environment, "STAGE": STAGE}, declared)
        self.values = {**parameter_defaults({"Parameters": declared}), **given}
        self.conditions = _united("Conditions", service, own)
        resources = own.get("Resources") or {}
        self.secrets = {name: one for name, one in resources.items() if one.get("Type") == SECRET}
        self.created = {name: one for name, one in resources.items() if one.get("Type") in CREATED}
        self._variables = dict(_variables(own, resources))
        self.omitted: list[str] = []
        """Messages about resources that are left out because they refer to something that is not local."""

    @classmethod
    def load(cls, environment: Mapping[str, str], path: Path | None = None) -> Fragment:
        """Read the file, which may be missing. Raises OSError, or yaml.YAMLError if it is no YAML."""
        file = path or FRAGMENT
        own = yaml_parse(file.read_text(encoding="utf-8")) if file.is_file() else None
        service = yaml_parse(_SERVICE.read_text(encoding="utf-8"))
        return cls(own or {}, service, environment)

    def is_empty(self) -> bool:
        """Return whether there is nothing to create and no variable to set."""
        return not (self.created or self.secrets or self._variables)

    def known_variables(self) -> dict[str, str]:
        """Return the environment variables whose values follow from the template alone, such as names."""
        evaluator = Evaluator({"Conditions": self.conditions}, self._reference)
        found = {}
        for name, value in self._variables.items():
            with suppress(KeyError, ValueError):
                found[name] = str(evaluator.resolve(value))
        return found

    def _reference(self, name: str) -> Any:
        """Return the value of `!Ref`. Raises KeyError if only AWS knows it."""
        if name in self.values:
            return self.values[name]
        resource = self.created[name]
        given = resource["Properties"][_NAMED_BY[resource["Type"]]]
        return Evaluator({"Conditions": self.conditions}, self.values.__getitem__).resolve(given)

    def stack(self, arns_of_secrets: Mapping[str, str]) -> Document:
        """Return a template of the resources that can be created, with environment variables as outputs.

        A variable's name is the description of its output. A secret becomes a parameter: moto's
        CloudFormation does not support secrets. Raises ValueError for a condition that does not exist.
        """
        self.omitted = []
        known = {*self.values, *arns_of_secrets, *self.created}
        values = {**self.values, **arns_of_secrets}
        return {
            "Parameters": {name: {"Type": "String", "Default": value} for name, value in values.items()},
            "Conditions": self.conditions,
            "Resources": {name: self._reduced(name, one, known) for name, one in self.created.items()},
            "Outputs": {
                f"Variable{index}": {"Value": value, "Description": name}
                for index, (name, value) in enumerate(self._variables.items())
                if self._is_known(name, value, known)
            },
        }

    def _reduced(self, name: str, resource: Document, known: set[str]) -> Document:
        properties = {
            key: _without_functions(key, value)
            for key, value in (resource.get("Properties") or {}).items()
            # A key of an AWS account does not exist locally.
            if key != "SSESpecification" and self._is_known(f"{key} of {name}", value, known)
        }
        kept: Document = {key: resource[key] for key in ("Type", "Condition") if key in resource}
        if kept.get("Condition", next(iter(self.conditions))) not in self.conditions:
            raise ValueError(f"{name} has the condition {kept['Condition']}, which does not exist.")
        return {**kept, "Properties": properties}

    def _is_known(self, what: str, node: Any, known: set[str]) -> bool:
        unknown = [one for one in references(node) if one not in known and not one.startswith("AWS::")]
        if unknown:
            self.omitted.append(f"{what} is left out: there is no {unknown[0]} on this machine.")
        return not unknown


def references(node: Any) -> Iterator[str]:
    """Yield the name of every parameter and resource that a part of a template refers to."""
    if isinstance(node, list):
        for one in node:
            yield from references(one)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield value
        elif key == "Fn::GetAtt":
            yield value.partition(".")[0] if isinstance(value, str) else value[0]
        elif key == "Fn::Sub":
            text, given = value if isinstance(value, list) else (value, {})
            yield from (name for name in _PLACEHOLDER.findall(text) if name not in given)
            yield from references(given)
        else:
            yield from references(value)


def _united(section: str, service: Mapping[str, Any], own: Mapping[str, Any]) -> Document:
    return {**(service.get(section) or {}), **(own.get(section) or {})}


def _variables(own: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the environment variables of all functions: one process runs them all."""
    functions = [(own.get("Globals") or {}).get("Function")]
    functions += [one.get("Properties") for one in resources.values() if isinstance(one, dict)]
    for properties in functions:
        environment = (properties or {}).get("Environment")
        variables = environment.get("Variables") if isinstance(environment, dict) else None
        for name, value in (variables or {}).items():
            yield name, value if isinstance(value, dict | str) else _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_functions(key: str, value: Any) -> Any:
    # A topic can deliver to a queue; there is no function that it could invoke.
    if key == "Subscription" and isinstance(value, list):
        return [one for one in value if one.get("Protocol") == "sqs"]
    return value
