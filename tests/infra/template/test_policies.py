"""What each function may do in AWS, held against what it does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.template.calls import SECRET, TABLE, Call
from tests.infra.template.iam import Grant, Policy, is_used
from tests.infra.template.packaged import FUNCTIONS, document, transformed
from tests.infra.template.recorded import API, AUTHORIZER, ROTATION, recording
from tests.infra.template.resolved import Resolved

LOGS = {API: "ApiLogGroup", AUTHORIZER: "AuthorizerLogGroup", ROTATION: "RotationLogGroup"}
# Lambda itself makes these calls in the name of the function, so no call of the code is seen.
WRITING_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
WRITING_TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate")


def role_of(function: str, **parameters: str) -> dict[str, Any]:
    """Return the role that a function runs as, and no other function does."""
    template = Resolved(transformed(), parameters)
    names = {one: template.properties(one)["Role"].removesuffix(".Arn") for one in FUNCTIONS}
    assert len(set(names.values())) == len(FUNCTIONS)
    return template.properties(names[function])


def policy_of(function: str, **parameters: str) -> Policy:
    """Return the one policy of a function."""
    role = role_of(function, **parameters)
    assert set(role) == {"AssumeRolePolicyDocument", "Policies"}
    (only,) = role["Policies"]
    return Policy(only["PolicyDocument"])


def calls_of(function: str) -> set[Call]:
    return {call for call in recording().calls if call.function == function}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_that_a_function_makes_is_allowed(function: str) -> None:
    policy, calls = policy_of(function), calls_of(function)
    assert calls
    assert [call for call in sorted(calls) if not policy.allows(call)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_allowed_that_no_call_needs(function: str) -> None:
    calls = calls_of(function)
    spare = [one for one in policy_of(function).grants() if one.action not in WRITING_LOGS]
    assert [one for one in spare if not is_used(one, calls)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_its_own_log_and_no_other(function: str) -> None:
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{LOGS[function]}:*"
    written = [one for one in policy_of(function).grants() if one.action.startswith("logs:")]
    assert written == [Grant(action, arn) for action in sorted(WRITING_LOGS)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_traces_go_to_any_resource_and_only_when_they_are_wanted(function: str) -> None:
    """X-Ray has no resources that a policy could name."""
    assert [one for one in policy_of(function).grants() if one.resource == "*"] == []
    traced = [one for one in policy_of(function, Tracing="Active").grants() if one.resource == "*"]
    assert {one.action for one in traced} == WRITING_TRACES


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_action_is_a_pattern(function: str) -> None:
    assert [one for one in policy_of(function).grants() if "*" in one.action or "?" in one.action] == []


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("key", ["SESSIONS#u", "EPOCH#0a", "ACCOUNT#u"])
def test_the_authorizer_writes_nothing(action: str, key: str) -> None:
    assert not policy_of(AUTHORIZER).allows(Call(AUTHORIZER, f"dynamodb:{action}", TABLE, (key,)))


@pytest.mark.parametrize(
    "keys",
    [
        ("ACCOUNT#u",),
        ("PASSWORD#u",),
        ("NAME#n",),
        ("DEVICES#u",),
        ("FAILURES#n",),
        ("SESSIONS#u", "ACCOUNT#u"),
        ("EPOCHS",),
    ],
)
def test_the_authorizer_reads_no_account_and_no_name(keys: tuple[str, ...]) -> None:
    policy = policy_of(AUTHORIZER)
    assert policy.allows(Call(AUTHORIZER, "dynamodb:BatchGetItem", TABLE, ("SESSIONS#u", "EPOCH#0a")))
    assert not policy.allows(Call(AUTHORIZER, "dynamodb:BatchGetItem", TABLE, keys))


@pytest.mark.parametrize("action", ["Scan", "Query", "GetItem", "DeleteTable", "PartiQLSelect"])
def test_the_authorizer_has_one_way_to_read(action: str) -> None:
    assert not policy_of(AUTHORIZER).allows(Call(AUTHORIZER, f"dynamodb:{action}", TABLE))


@pytest.mark.parametrize("action", WRITES)
def test_the_api_can_neither_declare_a_breach_nor_take_one_back(action: str) -> None:
    assert not policy_of(API).allows(Call(API, f"dynamodb:{action}", TABLE, ("EPOCH#0a",)))


@pytest.mark.parametrize("action", ["PutItem", "DeleteItem"])
@pytest.mark.parametrize("key", ["ACCOUNT#u", "NAME#n", "PASSWORD#u"])
def test_the_api_neither_creates_nor_removes_accounts(action: str, key: str) -> None:
    assert not policy_of(API).allows(Call(API, f"dynamodb:{action}", TABLE, (key,)))


@pytest.mark.parametrize("attribute", ["user_id", "email", "username", "scope", "created_at", "anything"])
def test_the_api_neither_makes_an_account_by_an_update_nor_grants_a_permission(attribute: str) -> None:
    """`UpdateItem` creates an item that is not there; without these attributes it is no account."""
    allowed = ("session_count", "device_count", "pk", "sk")
    policy, key = policy_of(API), ("ACCOUNT#u",)
    assert policy.allows(Call(API, "dynamodb:UpdateItem", TABLE, key, allowed))
    assert not policy.allows(Call(API, "dynamodb:UpdateItem", TABLE, key, (*allowed, attribute)))


def test_the_api_updates_no_name() -> None:
    call = Call(API, "dynamodb:UpdateItem", TABLE, ("NAME#n",), ("user_id", "pk", "sk"))
    assert not policy_of(API).allows(call)


def test_the_api_reads_the_table_by_key_only() -> None:
    assert not policy_of(API).allows(Call(API, "dynamodb:Scan", TABLE))


@pytest.mark.parametrize("function", [API, AUTHORIZER])
@pytest.mark.parametrize("action", ["PutSecretValue", "UpdateSecretVersionStage", "DeleteSecret"])
def test_who_uses_the_key_cannot_change_it(function: str, action: str) -> None:
    assert not policy_of(function).allows(Call(function, f"secretsmanager:{action}", SECRET))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_another_table_or_secret_is_out_of_reach(function: str) -> None:
    policy = policy_of(function)
    for call in calls_of(function):
        assert not policy.allows(Call(function, call.action, f"{call.resource}x", call.keys))


@pytest.mark.parametrize("action", ["PutItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchGetItem"])
def test_rotation_only_updates_the_table(action: str) -> None:
    assert not policy_of(ROTATION).allows(Call(ROTATION, f"dynamodb:{action}", TABLE, ("EPOCH#0a",)))


@pytest.mark.parametrize("key", ["SESSIONS#u", "ACCOUNT#u", "NAME#n", "EPOCH"])
def test_rotation_writes_nothing_but_the_state_of_the_system(key: str) -> None:
    policy = policy_of(ROTATION)
    assert policy.allows(Call(ROTATION, "dynamodb:UpdateItem", TABLE, ("EPOCH#0a",)))
    assert not policy.allows(Call(ROTATION, "dynamodb:UpdateItem", TABLE, (key,)))


@pytest.mark.parametrize("stage", ["dev", "prod", "a-new-one"])
def test_a_stage_that_chalice_was_not_told_of_has_the_same_policies(stage: str) -> None:
    def roles(of: str) -> str:
        found = [
            one["Properties"] for one in document(of)["Resources"].values() if one["Type"] == "AWS::IAM::Role"
        ]
        return json.dumps(found, sort_keys=True)

    assert roles(stage) == roles("prod")
