"""What AWS says that it runs, against the parameters. AWS is a stub: moto keeps half of these settings."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.parameters import resolve
from infra.verify.settings import Verification
from tests.infra.template.packaged import data, document, transformed
from tests.infra.template.resolved import Resolved

VALUES = {
    **resolve(data()["Parameters"], {}, {}),
    **resolve(document()["Parameters"], {"Stage": "prod"}, {}),
}
OUTPUTS = {"RestAPIId": "a1b2c3", "ApiStageName": "prod"}
RIGHT: dict[str, Any] = {
    "get_authorizers": {"items": [{"name": "bearer", "authorizerResultTtlInSeconds": 60}]},
    "get_rest_api": {
        "securityPolicy": "SecurityPolicy_TLS12_2018_EDGE",
        "endpointAccessMode": "BASIC",
        "endpointConfiguration": {"types": ["EDGE"]},
        "disableExecuteApiEndpoint": False,
    },
    "get_stage": {
        "methodSettings": {
            "*/*": {"throttlingRateLimit": 2000.0, "throttlingBurstLimit": 2000},
            "~1oauth~1token/POST": {"throttlingRateLimit": 200.0, "throttlingBurstLimit": 200},
        },
        "accessLogSettings": {"destinationArn": "arn"},
        "tracingEnabled": False,
    },
    "describe_alarms": {"MetricAlarms": [{"AlarmName": "gatehouse-prod-A", "StateValue": "OK"}]},
    "describe_log_groups": {
        "logGroups": [
            {"logGroupName": f"gatehouse-prod-{one}", "retentionInDays": 30}
            for one in ("api", "authorizer", "rotation", "access")
        ]
    },
    "describe_secret": {"RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 30}},
    "describe_table": {"Table": {"DeletionProtectionEnabled": True}},
    "describe_continuous_backups": {
        "ContinuousBackupsDescription": {
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}
        }
    },
    "describe_stacks": {"Stacks": [{"EnableTerminationProtection": True}]},
}


class Stub:
    """Answers every call from a table."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **_: self._answers[operation]


def wrong(answers: dict[str, Any], **values: str) -> list[str]:
    """Return the settings that are not as they should be."""
    stub = Stub(answers)
    verification = Verification("prod", {**VALUES, **values}, OUTPUTS, lambda _: stub)
    assert verification.passes() is not any(not row.is_right for row in verification.rows())
    return [row.name for row in verification.rows() if not row.is_right]


def test_a_stage_that_is_as_its_parameters_say_passes() -> None:
    assert wrong(RIGHT) == []


@pytest.mark.parametrize(
    ("operation", "change", "name"),
    [
        ("get_authorizers", {"items": [{"name": "bearer"}]}, "authorizer bearer: cache seconds"),
        ("get_rest_api", {"securityPolicy": "TLS_1_0"}, "TLS policy"),
        ("get_rest_api", {"endpointAccessMode": "STRICT"}, "endpoint access"),
        ("get_rest_api", {"endpointConfiguration": {"types": ["REGIONAL"]}}, "endpoint type"),
        ("get_rest_api", {"disableExecuteApiEndpoint": True}, "AWS's own address"),
        ("get_stage", {"methodSettings": {}}, "throttle of */*"),
        ("get_stage", {"webAclArn": "arn"}, "web ACL"),
        ("get_stage", {"accessLogSettings": {}}, "access log"),
        ("get_stage", {"tracingEnabled": True}, "tracing"),
        (
            "describe_alarms",
            {"MetricAlarms": [{"AlarmName": "A", "StateValue": "ALARM"}]},
            "alarms in state ALARM",
        ),
        ("describe_log_groups", {"logGroups": []}, "log gatehouse-prod-api: days"),
        ("describe_secret", {"RotationEnabled": False}, "rotation of the signing key: days"),
        ("describe_table", {"Table": {}}, "table is protected from deletion"),
        ("describe_stacks", {"Stacks": [{}]}, "data is protected from deletion"),
    ],
)
def test_each_setting_is_looked_at(
    operation: str, change: dict[str, Any], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = copy.deepcopy(RIGHT)
    answers[operation].update(change)
    assert name in wrong(answers)
    assert "NO: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("AuthorizerCacheSeconds", "0"),
        ("TokenRequestsPerSecond", "7"),
        ("WebAclArn", "arn"),
        ("LogRetentionDays", "90"),
        ("KeyRotationDays", "7"),
        ("AwsAddress", "disabled"),
    ],
)
def test_each_is_held_to_its_parameter(parameter: str, value: str) -> None:
    assert wrong(RIGHT, **{parameter: value}) != []


def test_the_policy_is_the_template_s() -> None:
    for endpoint in ("EDGE", "REGIONAL"):
        policy = Resolved(transformed(), {"EndpointType": endpoint}).properties("RestAPI")["SecurityPolicy"]
        answers = copy.deepcopy(RIGHT)
        answers["get_rest_api"] |= {"securityPolicy": policy, "endpointConfiguration": {"types": [endpoint]}}
        assert wrong(answers, EndpointType=endpoint) == []


def stub_of(answers: dict[str, Any]) -> Callable[[str], Stub]:
    return lambda _: Stub(answers)


def test_the_web_acl_that_the_stack_makes_is_looked_for() -> None:
    outputs = {**OUTPUTS, "WebAcl": "arn"}
    for found, is_right in (("arn", True), ("another", False), (None, False)):
        answers = {**RIGHT, "get_stage": {**RIGHT["get_stage"], "webAclArn": found}}
        rows = list(Verification("prod", VALUES, outputs, stub_of(answers)).rows())
        assert all(row.is_right for row in rows) is is_right
