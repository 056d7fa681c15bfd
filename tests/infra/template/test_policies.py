"""What each function may do in AWS, held against what it does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.template.calls import CONFIGURATION_SET, IDENTITY, QUEUE, SECRET, SENDER, TABLE, Call
from tests.infra.template.iam import Grant, Policy, is_used
from tests.infra.template.packaged import FUNCTIONS, document, transformed
from tests.infra.template.recorded import API, AUTHORIZER, MAIL, ROTATION, recording
from tests.infra.template.resolved import Resolved

LOGS = {
    API: "gatehouse-prod-api",
    AUTHORIZER: "gatehouse-prod-authorizer",
    ROTATION: "gatehouse-prod-rotation",
    MAIL: "gatehouse-prod-mail",
}
# Lambda itself makes these calls in the name of the function, so no call of the code is seen.
WRITING_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
WRITING_TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# Likewise: Lambda fetches the messages of the function's queue.
TAKING_MESSAGES = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate")


def role_of(function: str, **parameters: str) -> dict[str, Any]:
    """Return the role that a function runs as, and no other function does."""
    template = Resolved(transformed(), {"MailFrom": SENDER, **parameters})
    names = {one: template.properties(one)["Role"].removesuffix(".Arn") for one in FUNCTIONS}
    assert len(set(names.values())) == len(FUNCTIONS)
    return template.properties(names[function])


def policy_of(function: str, **parameters: str) -> Policy:
    """Return the one policy of a function."""
    role = role_of(function, **parameters)
    assert set(role) - {"PermissionsBoundary"} == {"AssumeRolePolicyDocument", "Policies"}
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
    unseen = WRITING_LOGS | WRITING_TRACES | (TAKING_MESSAGES if function == MAIL else set())
    spare = [one for one in policy_of(function).grants() if one.action not in unseen]
    assert [one for one in spare if not is_used(one, calls)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_its_own_log_and_no_other(function: str) -> None:
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{LOGS[function]}:*"
    written = [one for one in policy_of(function).grants() if one.action.startswith("logs:")]
    assert written == [Grant(action, arn) for action in sorted(WRITING_LOGS)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_traces_go_to_any_resource(function: str) -> None:
    """X-Ray has no resources that a policy could name.

    The right is always there: Lambda checks it as soon as tracing is switched on, before a new one is known.
    """
    for tracing in ("PassThrough", "Active"):
        traced = [one for one in policy_of(function, Tracing=tracing).grants() if one.resource == "*"]
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


@pytest.mark.parametrize("key", ["AUDIT#u", "OUTBOX#m"])
def test_the_api_cannot_delete_audit_items(key: str) -> None:
    assert not policy_of(API).allows(Call(API, "dynamodb:DeleteItem", TABLE, (key,)))


@pytest.mark.parametrize("attribute", ["user_id", "listed", "created_at", "anything"])
@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("ACCOUNT#u", ("pk", "session_count", "sk")),
        ("ACCOUNT#u", ("disabled", "metadata", "pk", "scope", "security_version", "sk")),
        ("PASSWORD#u", ("password_hash", "pk", "sk")),
        ("DEVICES#u", ("failures", "last_used_at", "pk", "sk")),
        ("FAILURES#n", ("network_1", "pk", "sk", "total")),
    ],
)
def test_the_api_makes_no_account_by_an_update(key: str, allowed: tuple[str, ...], attribute: str) -> None:
    """`UpdateItem` creates an item that is not there; without these attributes it is no account."""
    policy = policy_of(API)
    assert policy.allows(Call(API, "dynamodb:UpdateItem", TABLE, (key,), allowed))
    assert not policy.allows(Call(API, "dynamodb:UpdateItem", TABLE, (key,), (*allowed, attribute)))


@pytest.mark.parametrize("attribute", ["email", "password_version", "session_count", "username"])
def test_an_update_that_grants_permissions_changes_no_name_and_no_count(attribute: str) -> None:
    attributes = tuple(sorted(("pk", "scope", "sk", attribute)))
    assert not policy_of(API).allows(Call(API, "dynamodb:UpdateItem", TABLE, ("ACCOUNT#u",), attributes))


@pytest.mark.parametrize("function", [AUTHORIZER, ROTATION, MAIL])
def test_only_the_api_lists_accounts(function: str) -> None:
    index = f"{TABLE}/index/accounts"
    assert policy_of(API).allows(Call(API, "dynamodb:Query", index, ("ACCOUNTS#0",)))
    assert not policy_of(function).allows(Call(function, "dynamodb:Query", index, ("ACCOUNTS#0",)))


def test_the_api_updates_no_name() -> None:
    assert not policy_of(API).allows(Call(API, "dynamodb:UpdateItem", TABLE, ("NAME#n",), ("pk", "sk")))


def test_the_api_reads_the_table_by_key_only() -> None:
    assert not policy_of(API).allows(Call(API, "dynamodb:Scan", TABLE))


@pytest.mark.parametrize("function", [API, AUTHORIZER])
@pytest.mark.parametrize("action", ["PutSecretValue", "UpdateSecretVersionStage", "DeleteSecret"])
def test_a_function_that_uses_the_key_cannot_change_it(function: str, action: str) -> None:
    assert not policy_of(function).allows(Call(function, f"secretsmanager:{action}", SECRET))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_another_table_or_secret_is_out_of_reach(function: str) -> None:
    policy = policy_of(function)
    # The verified identity is the sender's address or its domain: which one, the stack does not know. The
    # sender is what limits it.
    for call in (one for one in calls_of(function) if one.resource != IDENTITY):
        assert not policy.allows(Call(function, call.action, f"{call.resource}x", call.keys))


def test_rotation_has_one_secret_one_table_and_its_log() -> None:
    grants = list(policy_of(ROTATION).grants())
    own = [one for one in grants if one.action.startswith("secretsmanager:")]
    assert {one.resource.replace("??????", "AbCdEf") for one in own} == {SECRET}
    others = {one.action for one in grants} - {one.action for one in own}
    assert others == WRITING_LOGS | WRITING_TRACES | {"dynamodb:UpdateItem"}


@pytest.mark.parametrize("action", ["PutItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchGetItem"])
def test_rotation_only_updates_the_table(action: str) -> None:
    assert not policy_of(ROTATION).allows(Call(ROTATION, f"dynamodb:{action}", TABLE, ("EPOCH#0a",)))


@pytest.mark.parametrize("key", ["SESSIONS#u", "ACCOUNT#u", "NAME#n", "EPOCH"])
def test_rotation_writes_nothing_but_the_state_of_the_system(key: str) -> None:
    policy = policy_of(ROTATION)
    assert policy.allows(Call(ROTATION, "dynamodb:UpdateItem", TABLE, ("EPOCH#0a",)))
    assert not policy.allows(Call(ROTATION, "dynamodb:UpdateItem", TABLE, (key,)))


@pytest.mark.parametrize("stage", ["dev", "prod", "a-new-one"])
def test_a_stage_without_an_entry_for_chalice_has_the_same_policies(stage: str) -> None:
    def roles(of: str) -> str:
        found = [
            one["Properties"] for one in document(of)["Resources"].values() if one["Type"] == "AWS::IAM::Role"
        ]
        return json.dumps(found, sort_keys=True)

    assert roles(stage) == roles("prod")


def test_mail_takes_messages_of_its_queue_and_puts_none_into_it() -> None:
    grants = [one for one in policy_of(MAIL).grants() if one.action.startswith("sqs:")]
    assert grants == [Grant(action, QUEUE) for action in sorted(TAKING_MESSAGES)]


@pytest.mark.parametrize(
    "key", ["PASSWORD#u", "SESSIONS#u", "EPOCH#0a", "DEVICES#u", "FAILURES#n", "VERIFICATION#v"]
)
@pytest.mark.parametrize("action", ["GetItem", "BatchGetItem", "Query", "Scan", *WRITES])
def test_mail_reads_no_hash_and_writes_no_account(action: str, key: str) -> None:
    assert not policy_of(MAIL).allows(Call(MAIL, f"dynamodb:{action}", TABLE, (key,)))


@pytest.mark.parametrize("key", ["ACCOUNT#u", "NAME#n"])
@pytest.mark.parametrize("action", WRITES)
def test_mail_changes_nothing_about_an_account(action: str, key: str) -> None:
    assert not policy_of(MAIL).allows(Call(MAIL, f"dynamodb:{action}", TABLE, (key,)))


def test_mail_does_not_use_the_signing_key() -> None:
    assert [one for one in policy_of(MAIL).grants() if one.action.startswith("secretsmanager:")] == []


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("resource", [IDENTITY, CONFIGURATION_SET])
def test_only_mail_sends_and_only_as_the_sender(function: str, resource: str) -> None:
    policy = policy_of(function)
    assert policy.allows(Call(function, "ses:SendEmail", resource, (SENDER,))) is (function == MAIL)
    assert not policy.allows(Call(function, "ses:SendEmail", resource, ("other@example.com",)))
    assert not policy.allows(Call(function, "ses:SendRawEmail", resource, (SENDER,)))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_a_sender_no_role_may_send_or_queue(function: str) -> None:
    actions = {one.action for one in policy_of(function, MailFrom="").grants()}
    assert not {"ses:SendEmail", "sqs:SendMessage"} & actions
