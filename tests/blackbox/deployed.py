"""What is deployed, read from the packaged template after SAM's transform."""

from __future__ import annotations

from typing import Any

from tests.infra.template.packaged import document, transformed
from tests.infra.template.resolved import Resolved

# Of the kinds that https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
# lists, those of a REST API with a token authorizer, and the status that each has of its own accord.
KINDS = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
HEADER = "gatewayresponse.header."

Said = tuple[int, dict[str, str], str]


class Deployed:
    """The API as CloudFormation would make it."""

    def __init__(self) -> None:
        self.resources: dict[str, Any] = transformed()["Resources"]
        self.body: dict[str, Any] = self.resources["RestAPI"]["Properties"]["Body"]

    def method(self, path: str, method: str) -> dict[str, Any] | None:
        """Return the definition of a method, or None where there is none."""
        found: dict[str, Any] | None = self.body["paths"].get(path, {}).get(method.lower())
        return found

    @property
    def authorizer(self) -> dict[str, Any]:
        """Return the rules of the one authorizer."""
        (definition,) = self.body["securityDefinitions"].values()
        rules: dict[str, Any] = definition["x-amazon-apigateway-authorizer"]
        return rules

    def says(self, kind: str) -> Said:
        """Return what the gateway answers by itself: a response of its own, else that of its family."""
        body = Resolved(transformed()).properties("RestAPI")["Body"]
        responses = body["x-amazon-apigateway-gateway-responses"]
        family = "DEFAULT_4XX" if KINDS[kind] < 500 else "DEFAULT_5XX"
        chosen = responses.get(kind, responses[family])
        headers = {
            name.removeprefix(HEADER): str(value)[1:-1]
            for name, value in chosen.get("responseParameters", {}).items()
        }
        (media_type, text), *others = chosen["responseTemplates"].items()
        assert not others
        return int(chosen.get("statusCode", KINDS[kind])), {**headers, "Content-Type": media_type}, text


def at_first(value: Any) -> str:
    """Return a variable as it is with every parameter at its default; a resource by its name there."""
    if not isinstance(value, dict):
        return str(value)
    if "Ref" in value:
        return str(document()["Parameters"].get(value["Ref"], {}).get("Default", value["Ref"]))
    if "Fn::Sub" in value:
        stage = document()["Parameters"]["Stage"]["Default"]
        return str(value["Fn::Sub"]).replace("${Stage}", stage)
    (condition, _, otherwise) = value["Fn::If"]
    assert condition in {"HasDomain", "HasMail"}, "and there is none by default"
    return at_first(otherwise)
