"""The parameters themselves: what they may be, what they mean to the code, and what changing one replaces."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from chalicelib.settings import HEADERS, ORIGINS, BadSetting, Settings
from tests.infra.template.packaged import FUNCTIONS, document, packaged, transformed
from tests.infra.template.resolved import Resolved
from tests.infra.template.test_template_options import BOUNDARY, CERTIFICATE, KMS_KEY, TOPIC, WEB_ACL

PARAMETERS: dict[str, dict[str, Any]] = document()["Parameters"]
KNOBS = {setting.name.upper(): setting for setting in fields(Settings)}
# Lambda sets the region; an endpoint other than AWS's is for a developer's machine.
NOT_OURS = {"AWS_REGION", "AWS_ENDPOINT_URL"}
OTHER_TEXT = {
    "SignUpDomains": ["example.com", "example.com,xn--mller-kva.example"],
    "BreachedPasswordsUrl": ["https://passwords.example.com/range/"],
    "Stage": ["stable", "a", "data"],
    "ClientIds": ["kiosk", "kiosk,web.app"],
    "Audience": ["https://api.example.com"],
    "DomainName": ["auth.example.com"],
    "OtherApis": ["a1b2c3d4e5", "*"],
    "DomainCertificateArn": [CERTIFICATE],
    "WebAclArn": [WEB_ACL],
    "MailFrom": ["no-reply@auth.example.com", "a.b+c_d-e@example.com"],
    "ServiceName": ["Gatehouse", "Öl & Co", "A (B) - C.", "x" * 64],
    "AlarmTopicArn": [TOPIC],
    "PermissionsBoundary": [BOUNDARY],
    "KmsKeyArn": [KMS_KEY],
    "ReleaseObject": ["1a2b"],
    "PreviousReleaseObject": ["1a2b"],
    "AddressRateLimit": ["10", "2000", "9999999"],
    "CorsAllowOrigins": [
        "https://app.example.com",
        "http://localhost:3000,http://127.0.0.1:5173",
        "capacitor://localhost,ionic://localhost,https://localhost,https://app.example.com:8443",
    ],
    "CorsAllowHeaders": ["sentry-trace,baggage", "X-Request-Id"],
    "CorsAllowOrigin": [],
}
BAD_TEXT = {
    "SignUpDomains": ["example", "Example.com", "a.example, b.example", "müller.example", "a.example,"],
    "BreachedPasswordsUrl": ["http://passwords.example.com/", "https://", "https://a.example/?q", "x"],
    "Stage": ["", "Prod", "1st", "a" * 17, "a_b", "prod-data"],
    "ClientIds": [",", "a,,b", "a b", "a,"],
    "Audience": ["a b", "ä"],
    "OtherApis": ["a1b2c3d4e5,*", "arn:aws:execute-api", "a1b2c3d4e5\n", "**"],
    "DomainName": ["https://a.example.com", "auth", "A.example.com", "a.example.com/", "-a.example.com"],
    "DomainCertificateArn": ["arn:aws:iam::123456789012:server-certificate/a", CERTIFICATE + " "],
    "MailFrom": [
        "no-reply",
        "A <a@example.com>",
        "a@example",
        "a@Example.com",
        "ä@example.com",
        "a@a.example,b@a.example",
    ],
    "ServiceName": ["", "a@example.com", 'a"b', "<b>", "a\r\nBcc: b", "a,b", "x" * 65],
    "WebAclArn": [WEB_ACL.replace("regional", "global"), "gate"],
    "AlarmTopicArn": [TOPIC + ".fifo", "alarms"],
    "PermissionsBoundary": ["gatehouse-boundary", BOUNDARY.replace(":policy/", ":role/")],
    "KmsKeyArn": ["alias/gatehouse", KMS_KEY.replace(":key/", ":alias/")],
    "ReleaseObject": ["", "a b"],
    "PreviousReleaseObject": ["", "a b"],
    "AddressRateLimit": ["1", "9", "010", "10.5", "-10", "100000000"],
    "CorsAllowOrigins": [
        "*",
        "null",
        "app.example.com",
        "https://app.example.com/",
        "https://App.example.com",
        "https://a'b",
        "http://app.example.com",
        "capacitor://app.example.com",
        "https://a.example, https://b.example",
        "https://a.example,",
        "https://a.example\n",
        "https://a.example:0",
        "https://*.example.com",
    ],
    "CorsAllowHeaders": ["*", "a b", "a, b", "a,", "a\nb", "a:b"],
    "CorsAllowOrigin": ["https://app.example.com"],
}
# A stage's name is part of its address, and of the names of its data; a stack keeps the one that it has.
RENAMED = ("RestAPIStage", "RotateInvokePermission", "SigningSecretRotation", "ThrottledRequestsFilter")
REPLACED_ON_PURPOSE = {("Stage", one) for one in RENAMED}


def other_values(name: str) -> list[str]:
    """Return values of a parameter, its bounds among them, that are not the default."""
    declared = PARAMETERS[name]
    if "AllowedValues" in declared:
        values = [str(one) for one in declared["AllowedValues"]]
    elif "MinValue" in declared:
        values = [str(declared["MinValue"]), str(declared["MaxValue"])]
    else:
        values = OTHER_TEXT[name]
    return [one for one in values if one != str(declared["Default"])]


CHANGES = [(name, value) for name in PARAMETERS for value in other_values(name)]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_it_is_and_what_it_may_be(name: str) -> None:
    declared = PARAMETERS[name]
    assert declared["Description"].endswith(".")
    assert len(declared["Description"]) < 110
    assert (
        "AllowedValues" in declared
        or {"MinValue", "MaxValue"} <= set(declared)
        or "AllowedPattern" in declared
    )
    if "AllowedPattern" in declared:
        assert "ConstraintDescription" in declared
    # In its own definition, and at least once more.
    assert len(re.findall(rf"\b{name}\b", packaged())) > 1


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_default_is_among_what_it_may_be(name: str) -> None:
    declared = PARAMETERS[name]
    default = declared["Default"]
    if "AllowedValues" in declared:
        assert default in declared["AllowedValues"]
    elif "MinValue" in declared:
        assert declared["MinValue"] <= default <= declared["MaxValue"]
    else:
        assert re.search(declared["AllowedPattern"], default)


@pytest.mark.parametrize("name", OTHER_TEXT)
def test_a_pattern_takes_the_good_and_leaves_the_bad(name: str) -> None:
    pattern = PARAMETERS[name]["AllowedPattern"]
    # CloudFormation anchors a pattern by itself, but a trailing line break passes Python's `$`.
    assert all(re.fullmatch(pattern, one) for one in OTHER_TEXT[name])
    assert [one for one in BAD_TEXT[name] if re.fullmatch(pattern, one)] == []


def environment(function: str, **parameters: str) -> dict[str, str]:
    template = Resolved(transformed(), parameters)
    found: dict[str, str] = dict(template.properties(function)["Environment"]["Variables"])
    # Not a setting of the deployment: which part of the app a function serves.
    found.pop("GATEHOUSE_ROUTES", None)
    return found


def test_every_function_has_the_same_settings_and_every_setting() -> None:
    api = environment("APIHandler")
    assert all(environment(function) == api for function in FUNCTIONS)
    ours = {name for name in api if not name.startswith("POWERTOOLS_")}
    assert ours == set(KNOBS) - NOT_OURS


def test_the_defaults_here_are_the_defaults_of_the_code() -> None:
    """So a developer's stack, which knows only the code's, behaves as a deployed one."""
    settings = Settings.from_environment(environment("APIHandler"))
    for name, setting in KNOBS.items():
        # The type of endpoint is EDGE here, and nothing like CloudFront is in front of a developer's stack.
        if name not in NOT_OURS | {"STAGE", "USERS_TABLE", "SIGNING_SECRET_ID", "ENDPOINT_TYPE"}:
            assert getattr(settings, setting.name) == setting.default, name


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_the_code_takes_every_value_that_a_parameter_may_have(name: str, value: str) -> None:
    # With the cheapest hash, below which no failed sign-in may cost.
    variables = environment("APIHandler", **{"BcryptCost": "10", name: value})
    settings = Settings.from_environment(variables)
    for variable, text in variables.items():
        if variable in KNOBS and text:
            assert str(getattr(settings, KNOBS[variable].name)) == text


def holds(assertion: Any, values: dict[str, str]) -> Any:
    """Evaluate an assertion of a rule."""
    if not isinstance(assertion, dict):
        return assertion
    ((function, argument),) = assertion.items()
    if function == "Ref":
        return values[argument]
    parts = [holds(one, values) for one in argument]
    if function == "Fn::Equals":
        return str(parts[0]) == str(parts[1])
    if function == "Fn::Contains":
        return parts[1] in parts[0]
    return any(parts) if function == "Fn::Or" else not parts[0]


@pytest.mark.parametrize("cost", ["10", "11", "12", "13", "14"])
@pytest.mark.parametrize("failed", ["0", "10", "11", "12", "13", "14"])
def test_a_deploy_refuses_the_costs_that_the_code_refuses(cost: str, failed: str) -> None:
    rule = document()["Rules"]["AFailedSignInCostsNoLessThanAHash"]
    values = {"BcryptCost": cost, "FailedSignInCost": failed}
    passes = all(holds(one["Assert"], values) for one in rule["Assertions"])
    if passes:
        assert Settings.from_environment(environment("APIHandler", **values)).bcrypt_cost == int(cost)
    else:
        with pytest.raises(BadSetting):
            Settings.from_environment(environment("APIHandler", **values))


def test_metrics_are_counted_apart_and_lines_logged_at_the_level_asked_for() -> None:
    found = environment("APIHandler", LogLevel="DEBUG")
    assert (found["POWERTOOLS_SERVICE_NAME"], found["LOG_LEVEL"]) == ("gatehouse-prod", "DEBUG")


def replaced(before: Resolved, after: Resolved) -> set[str]:
    """Return the resources that CloudFormation would make anew to get from one template to the other."""
    return {
        name
        for name, resource in before.resources.items()
        if name in after.resources and _fixed(resource) != _fixed(after.resources[name])
    }


def _fixed(resource: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that a resource has for its life, as its schema tells."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
    paths = [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]
    names = {path.removeprefix("/properties/").partition("/")[0] for path in paths}
    return {name: value for name, value in resource["Properties"].items() if name in names}


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_changing_a_parameter_replaces_nothing(name: str, value: str) -> None:
    before, after = Resolved(transformed()), Resolved(transformed(), {name: value})
    assert {(name, one) for one in replaced(before, after)} <= REPLACED_ON_PURPOSE


@pytest.mark.parametrize(
    ("parameter", "pattern"), [("CorsAllowOrigins", ORIGINS), ("CorsAllowHeaders", HEADERS)]
)
def test_a_list_has_one_pattern_here_and_in_the_code(parameter: str, pattern: str) -> None:
    assert PARAMETERS[parameter]["AllowedPattern"] == f"^$|^{pattern}$"
    assert "MaxLength" in PARAMETERS[parameter]


def test_the_functions_get_the_type_of_the_endpoint() -> None:
    for kind in ("EDGE", "REGIONAL"):
        assert environment("APIHandler", EndpointType=kind)["ENDPOINT_TYPE"] == kind
