"""What whoever deploys has to be allowed: `infra/policies/deploy.json`, held against what is asked of IAM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.operate.deployment import open_deployment
from infra.operate.temporary_account import temporary_account
from tests.infra.deploy.aws import REGION, taught_aws
from tests.infra.deploy.conftest import DeployHarness
from tests.infra.operate.people import asked_by, document, policy, spare
from tests.infra.template.calls import Call
from tests.infra.template.packaged import transformed

DEPLOYER = "deploy"
RIGHTS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("cloudformation_rights.yaml").read_text(encoding="utf-8")
)


def of_cloudformation() -> set[Call]:
    """Return what CloudFormation asks in the deployer's name."""
    asked = ((resource, words) for rights in RIGHTS.values() for resource, words in rights.items())
    return {
        Call(DEPLOYER, f"{service}:{action}", resource)
        for resource, words in asked
        for service, actions in re.findall(r"(\w+):\[([^]]+)\]", words)
        for action in actions.split()
    }


@pytest.fixture(scope="module")
def of_the_command() -> Iterator[set[Call]]:
    """Return what the command itself asks, on every way that it goes."""
    calls: set[Call] = set()
    with pytest.MonkeyPatch.context() as patch, taught_aws(patch) as aws, asked_by(DEPLOYER, calls):
        harness = DeployHarness(aws)
        aws.script.fails["Bearer"] = "A first deploy that fails is cleared away."
        assert harness.deploy().exit_code == 1
        aws.script.fails.clear()
        assert harness.deploy("--dry-run").exit_code == 0
        assert harness.deploy().exit_code == 0
        with temporary_account(open_deployment("prod", REGION)):
            pass
        aws.stack().status = "UPDATE_ROLLBACK_FAILED"
        assert harness.deploy("--parameter", "MaxSessions=5").exit_code == 0
        outputs = aws.outputs()
        assert harness.destroy("--yes").exit_code == 0
        kept = f"UsersTable={outputs['UsersTableName']}", f"SigningSecret={outputs['SigningSecretArn']}"
        assert harness.deploy("--adopt", kept[0], "--adopt", kept[1]).exit_code == 0
        assert harness.destroy("--yes").exit_code == 0
        assert harness.destroy("--yes", "--delete-data", "gatehouse-prod").exit_code == 0
        yield calls


def test_every_type_of_the_template_is_thought_of() -> None:
    assert {one["Type"] for one in transformed()["Resources"].values()} == set(RIGHTS)


def test_all_that_is_asked_is_allowed(of_the_command: set[Call]) -> None:
    allowed = policy(DEPLOYER)
    asked = of_the_command | of_cloudformation()
    assert [call for call in sorted(asked) if not allowed.allows(call)] == []


def test_nothing_is_allowed_that_is_not_asked(of_the_command: set[Call]) -> None:
    assert spare(DEPLOYER, of_the_command | of_cloudformation()) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:1:function:payments"),
        ("dynamodb:DeleteTable", "arn:aws:dynamodb:eu-west-1:1:table/payments"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:payments-AbCdEf"),
        ("iam:PutRolePolicy", "arn:aws:iam::1:role/admin"),
        ("cloudformation:DeleteStack", "arn:aws:cloudformation:eu-west-1:1:stack/payments/id"),
        ("s3:GetObject", "arn:aws:s3:::payments/a"),
    ],
)
def test_what_is_not_gatehouse_s_is_out_of_reach(action: str, resource: str) -> None:
    assert not policy(DEPLOYER).allows(Call(DEPLOYER, action, resource))


def test_a_role_goes_to_its_service_only_and_gets_no_other_policy_attached() -> None:
    conditions = {
        one["Sid"]: one["Condition"] for one in document(DEPLOYER)["Statement"] if "Condition" in one
    }
    assert conditions == {
        "RoleOfTheGatewaysLog": {
            "ArnEquals": {
                "iam:PolicyARN": "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
            }
        },
        "RolesForTheirServices": {
            "StringEquals": {"iam:PassedToService": ["apigateway.amazonaws.com", "lambda.amazonaws.com"]}
        },
    }
