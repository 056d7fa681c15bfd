"""Read the templates in `infra/template`, so that the local stack has the deployed resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from samtranslator.yaml_helper import yaml_parse

from infra.cloudformation import Evaluator, parameter_defaults
from infra.local.environment import ACCOUNT, REGION, STACK
from infra.local.gateway.authorizer import AuthorizerRules
from infra.parameters import given_by

_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
TEMPLATE = Path(__file__).resolve().parents[2] / "template" / "service.yaml"
DATA_TEMPLATE = TEMPLATE.with_name("data.yaml")
DEFAULT_CACHE_SECONDS = 300
"""Seconds for which API Gateway caches decisions, unless the authorizer sets another value."""
_SECTIONS = ("Parameters", "Conditions", "Globals", "Resources")


class Template:
    """A CloudFormation template, with its parameters set by the settings in `environment`."""

    def __init__(self, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._document = document
        given = given_by(environment, document.get("Parameters", {}))
        self._values = {**_PSEUDO_PARAMETERS, **parameter_defaults(document), **given}

    @classmethod
    def load(cls, environment: Mapping[str, str], *paths: Path) -> Self:
        """Read files as one template. Raises OSError, or yaml.YAMLError if one is not YAML."""
        read = [yaml_parse(path.read_text(encoding="utf-8")) for path in paths or (TEMPLATE, DATA_TEMPLATE)]
        united: dict[str, Any] = {
            section: {name: entry for one in read for name, entry in one.get(section, {}).items()}
            for section in _SECTIONS
        }
        return cls(united, environment)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of every resource of a CloudFormation type, by logical id."""
        evaluator = self._evaluator({})
        found = evaluator.present("Resources").items()
        return {
            name: evaluator.resolve(entry["Properties"]) for name, entry in found if entry.get("Type") == kind
        }

    def environment(self, physical_ids: Mapping[str, str], overrides: Mapping[str, str]) -> dict[str, str]:
        """Return the functions' environment variables, with the resources' physical ids.

        `overrides` replaces variables whose values only AWS could compute, such as the API's address.
        """
        variables = self._document["Globals"]["Function"]["Environment"]["Variables"]
        needed = {name: value for name, value in variables.items() if name not in overrides}
        resolve = self._evaluator(physical_ids).resolve
        return {name: str(resolve(value)) for name, value in needed.items()} | dict(overrides)

    def gateway_responses(self) -> dict[str, dict[str, Any]]:
        """Return the responses that API Gateway itself sends, by the name of the gateway response."""
        responses: dict[str, dict[str, Any]] = self._evaluator({}).resolve(self._api()["GatewayResponses"])
        return responses

    def authorizer(self, name: str) -> AuthorizerRules:
        """Return the rules of an authorizer. Raises KeyError if the template has none of that name."""
        rules = self._api()["DefinitionBody"]["securityDefinitions"][name]["x-amazon-apigateway-authorizer"]
        expression = rules.get("identityValidationExpression")
        return AuthorizerRules(
            re.compile(expression) if expression else None,
            int(self._evaluator({}).resolve(rules["authorizerResultTtlInSeconds"])),
        )

    def rules(self, name: str) -> AuthorizerRules:
        """Return the rules of an authorizer, or API Gateway's defaults if it is not in the template."""
        try:
            return self.authorizer(name)
        except KeyError:
            return AuthorizerRules(None, DEFAULT_CACHE_SECONDS)

    def _api(self) -> dict[str, Any]:
        properties: dict[str, Any] = self._document["Resources"]["RestAPI"]["Properties"]
        return properties

    def _evaluator(self, physical_ids: Mapping[str, str]) -> Evaluator:
        return Evaluator(self._document, {**self._values, **physical_ids}.__getitem__)
