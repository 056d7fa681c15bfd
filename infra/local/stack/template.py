"""Reads the templates in `infra/template`, so that the local stack is made of what is deployed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from samtranslator.yaml_helper import yaml_parse

from infra.local.stack.intrinsics import Intrinsics
from infra.local.stack.names import STACK
from infra.parameters import given_by

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE = Path(__file__).resolve().parents[2] / "template" / "service.yaml"
DATA_TEMPLATE = TEMPLATE.with_name("data.yaml")
_SECTIONS = ("Parameters", "Conditions", "Globals", "Resources")


@dataclass(frozen=True, slots=True)
class AuthorizerRules:
    """What API Gateway itself does for a token authorizer. An `expression` of None lets every token on."""

    expression: re.Pattern[str] | None
    cache_seconds: int


class Template:
    """A CloudFormation template, with its parameters as the settings in `environment` have them."""

    def __init__(self, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._document = document
        declared = document.get("Parameters", {})
        defaults = {name: str(parameter["Default"]) for name, parameter in declared.items()}
        self._values = {"AWS::StackName": STACK, **defaults, **given_by(environment, declared)}

    @classmethod
    def load(cls, environment: Mapping[str, str], *paths: Path) -> Self:
        """Read files as one template. Raises OSError, or yaml.YAMLError where one is no YAML."""
        read = [yaml_parse(path.read_text(encoding="utf-8")) for path in paths or (TEMPLATE, DATA_TEMPLATE)]
        united: dict[str, Any] = {
            section: {name: entry for one in read for name, entry in one.get(section, {}).items()}
            for section in _SECTIONS
        }
        return cls(united, environment)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of every resource of a CloudFormation type, by logical id."""
        found = self._document["Resources"].items()
        resolve = self._intrinsics({}).resolve
        return {name: resolve(entry["Properties"]) for name, entry in found if entry.get("Type") == kind}

    def environment(self, physical_ids: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
        """Return the functions' environment, with the resources under the names that they have here.

        What is in `ours` goes before the template: only AWS could tell, say, the address of a custom domain.
        """
        variables = self._document["Globals"]["Function"]["Environment"]["Variables"]
        wanted = {name: value for name, value in variables.items() if name not in ours}
        resolve = self._intrinsics(physical_ids).resolve
        return {name: str(resolve(value)) for name, value in wanted.items()} | dict(ours)

    def gateway_responses(self) -> dict[str, dict[str, Any]]:
        """Return what API Gateway answers by itself, by the name of the gateway response."""
        responses: dict[str, dict[str, Any]] = self._intrinsics({}).resolve(self._api()["GatewayResponses"])
        return responses

    def authorizer(self, name: str) -> AuthorizerRules:
        """Return the rules for the authorizer of that name. Raises KeyError where there is none."""
        rules = self._api()["DefinitionBody"]["securityDefinitions"][name]["x-amazon-apigateway-authorizer"]
        expression = rules.get("identityValidationExpression")
        return AuthorizerRules(
            re.compile(expression) if expression else None,
            int(self._intrinsics({}).resolve(rules["authorizerResultTtlInSeconds"])),
        )

    def _api(self) -> dict[str, Any]:
        properties: dict[str, Any] = self._document["Resources"]["RestAPI"]["Properties"]
        return properties

    def _intrinsics(self, physical_ids: Mapping[str, str]) -> Intrinsics:
        return Intrinsics(self._document.get("Conditions", {}), {**self._values, **physical_ids})
