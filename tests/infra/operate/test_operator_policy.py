"""What whoever operates has to be allowed: `infra/policies/operate.json`, held against the commands."""

from __future__ import annotations

import pytest

from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged
from tests.infra.operate.people import asked_by, policy, spare
from tests.infra.template.calls import Call

OPERATOR = "operate"
_AWS = "arn:aws:{}:eu-west-1:1:{}"
# Asked on AWS only: of where a stage is, and of a rotation that Secrets Manager does itself.
ON_AWS = {
    Call(OPERATOR, action, _AWS.format(action.partition(":")[0], resource))
    for action, resource in (
        ("cloudformation:DescribeStacks", "stack/gatehouse-prod/id"),
        ("secretsmanager:RotateSecret", "secret:gatehouse-prod/signing-key-AbCdEf"),
        ("lambda:InvokeFunction", "function:gatehouse-prod-Rotate-1A2B"),
    )
}
COMMANDS = [
    "users show {}",
    "users permit {} --grant users:read",
    "users disable {}",
    "users enable {}",
    "sessions explain {}",
    "sessions end {}",
    "users create-service --name robot",
    "api-keys create robot --name first --to-secret gatehouse-robot",
    "api-keys create {} --name laptop",
    "api-keys list {}",
    "api-keys revoke {key}",
    "api-keys rotate {key} --to-secret gatehouse-robot",
    "users delete {} --yes",
    "keys status",
    "keys rotate",
    "smoke",
    "mail allow {}",
    "breach --yes --api-keys --report report.json",
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> set[Call]:
    """Return what every command asks, that changes or shows something."""
    calls: set[Call] = set()
    with staged(tmp_path_factory.mktemp("stage")) as stage:
        email = stage.account()
        assert stage.signed_in(email)
        for command in COMMANDS:
            run(stage, calls, *command.format(email, key=last_key(stage)).split())
        run(stage, calls, "users", "create", "--email", "new@example.com", "--password-stdin")
    return calls | ON_AWS


def last_key(stage: LocalDeployment) -> str:
    """Return the id of some key that exists, if any does."""
    return next((one.key_id for one in stage.services.adapters.api_keys.all_stored_keys()), "none")


def run(stage: LocalDeployment, calls: set[Call], *arguments: str) -> None:
    with asked_by(OPERATOR, calls):
        result = stage.operate(*arguments, stdin=PASSWORD)
    assert result.exit_code == 0, result.output


def test_all_that_is_asked_is_allowed(asked: set[Call]) -> None:
    allowed = policy(OPERATOR)
    assert [call for call in sorted(asked) if not allowed.allows(call)] == []


def test_nothing_is_allowed_that_is_not_asked(asked: set[Call]) -> None:
    assert spare(OPERATOR, asked) == []
