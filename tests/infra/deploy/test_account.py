"""What a stage shares with its account and region."""

from __future__ import annotations

from contextlib import closing

import pytest

from infra.deploy.options import PROJECT
from tests.infra.deploy.conftest import DeployHarness, refusal


def test_a_region_without_a_log_role_gets_one(harness: DeployHarness) -> None:
    assert "Log role  gatehouse-gateway-log" in harness.deploy().output
    assert log_role_of(harness) == f"arn:aws:iam::{harness.aws.account}:role/gatehouse-gateway-log"
    assert "Log role" not in harness.deploy(stage="dev").output


def test_a_log_role_that_others_rely_on_stays(harness: DeployHarness) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/of-another-api"}
    with closing(harness.aws.client("apigateway")) as gateway:
        gateway.update_account(patchOperations=[change])
    assert "Log role" not in harness.deploy().output
    assert log_role_of(harness) == "arn:aws:iam::1:role/of-another-api"
    assert "CreateRole" not in harness.aws.calls


@pytest.mark.parametrize("options", [["--dry-run"], ["--parameter", "AccessLogs=off"]])
def test_without_need_no_role_is_made(harness: DeployHarness, options: list[str]) -> None:
    assert harness.deploy(*options).exit_code == 0
    assert log_role_of(harness) == ""


@pytest.mark.parametrize("code", ["BadRequestException", "TooManyRequestsException"])
def test_a_new_role_is_offered_as_often_as_api_gateway_can_be_asked(
    harness: DeployHarness, code: str
) -> None:
    """It takes UpdateAccount once in 20 seconds, and a new role is not known everywhere at once."""
    harness.aws.refuse["PATCH /account"] = code
    harness.aws.refuse_status = 400
    harness.during_sleep[8] = harness.aws.refuse.clear
    result = harness.deploy("--no-check")
    assert "Log role  gatehouse-gateway-log" in result.output, result.output
    assert min(pause for pause in harness.slept if pause > 3) > 20


def test_a_role_that_is_never_known_is_told(harness: DeployHarness) -> None:
    harness.aws.refuse["PATCH /account"] = "BadRequestException"
    harness.aws.refuse_status = 400
    assert refusal(harness.deploy()).startswith("API Gateway does not take the role gatehouse-gateway-log")
    assert harness.aws.sent("CreateChangeSet", "gatehouse-prod") == []


@pytest.mark.parametrize(
    ("unreserved", "copies"), [(1000, "100"), (250, "75"), (140, "20"), (139, "0"), (10, "0")]
)
def test_a_new_stage_reserves_what_the_account_can_spare(
    harness: DeployHarness, unreserved: int, copies: str
) -> None:
    harness.aws.limit = {"ConcurrentExecutions": unreserved, "UnreservedConcurrentExecutions": unreserved}
    result = harness.deploy("--no-check")
    assert harness.aws.parameters()["ApiConcurrency"] == copies
    told = f"Note      this account runs {unreserved} functions at once"
    assert (told in result.output) is (copies == "0")


def test_what_is_given_or_remembered_is_not_asked_of_the_account(harness: DeployHarness) -> None:
    assert harness.deploy("--parameter", "ApiConcurrency=7").exit_code == 0
    assert harness.deploy("--parameter", "MaxSessions=5").exit_code == 0
    harness.destroy("--yes")
    assert harness.deploy().exit_code == 0
    assert harness.aws.parameters()["ApiConcurrency"] == "7"
    assert not [call for call in harness.aws.calls if "account-settings" in call]


def test_a_boundary_that_the_account_has_bounds_every_role(harness: DeployHarness) -> None:
    with closing(harness.aws.client("iam")) as iam:
        document = (PROJECT / "infra" / "policies" / "boundary.json").read_text(encoding="utf-8")
        arn = iam.create_policy(PolicyName="gatehouse-boundary", PolicyDocument=document)["Policy"]["Arn"]
    assert harness.deploy().exit_code == 0
    assert harness.aws.parameters()["PermissionsBoundary"] == arn


def log_role_of(harness: DeployHarness) -> str:
    with closing(harness.aws.client("apigateway")) as gateway:
        return str(gateway.get_account().get("cloudwatchRoleArn") or "")
