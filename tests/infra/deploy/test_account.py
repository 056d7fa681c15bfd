"""What a stage shares with its account and region."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.infra.deploy.conftest import DeployHarness, refusal


def test_a_region_without_a_log_role_gets_one(harness: DeployHarness) -> None:
    assert "Log role  gatehouse-gateway-log" in harness.deploy().output
    assert log_role_of(harness) == f"arn:aws:iam::{harness.aws.account}:role/gatehouse-gateway-log"
    assert "Log role" not in harness.deploy(stage="dev").output


def test_a_log_role_that_others_rely_on_stays(harness: DeployHarness) -> None:
    set_log_role(harness, "arn:aws:iam::1:role/of-another-api")
    assert "Log role" not in harness.deploy().output
    assert log_role_of(harness) == "arn:aws:iam::1:role/of-another-api"
    assert "CreateRole" not in harness.aws.calls


def test_a_role_that_another_region_has_made_is_used(harness: DeployHarness) -> None:
    harness.deploy()
    set_log_role(harness, "")
    assert harness.deploy(stage="dev").exit_code == 0
    assert log_role_of(harness).endswith(":role/gatehouse-gateway-log")


@pytest.mark.parametrize("options", [["--dry-run"], ["--parameter", "AccessLogs=off"]])
def test_without_need_no_role_is_made(harness: DeployHarness, options: list[str]) -> None:
    assert harness.deploy(*options).exit_code == 0
    assert log_role_of(harness) == ""


def test_a_new_role_is_offered_until_api_gateway_knows_it(harness: DeployHarness) -> None:
    harness.aws.refuse["PATCH /account"] = "BadRequestException"
    harness.aws.refuse_status = 400
    harness.dreams[3] = harness.aws.refuse.clear
    assert "Log role  gatehouse-gateway-log" in harness.deploy().output
    assert harness.slept[:3] == [5, 5, 5]


def test_a_role_that_is_never_known_is_told(harness: DeployHarness) -> None:
    harness.aws.refuse["PATCH /account"] = "BadRequestException"
    harness.aws.refuse_status = 400
    assert refusal(harness.deploy()).startswith("API Gateway does not take the role gatehouse-gateway-log")
    assert "CreateChangeSet" not in harness.aws.calls


@pytest.mark.parametrize(
    ("unreserved", "copies"), [(1000, "100"), (250, "75"), (140, "20"), (139, "0"), (10, "0")]
)
def test_a_new_stage_reserves_what_the_account_can_spare(
    harness: DeployHarness, unreserved: int, copies: str
) -> None:
    harness.aws.limit = {"ConcurrentExecutions": unreserved, "UnreservedConcurrentExecutions": unreserved}
    result = harness.deploy()
    assert result.exit_code == 0, result.output
    assert harness.aws.stack().parameters["ApiConcurrency"] == copies
    told = f"Note      this account runs {unreserved} functions at once, too few to reserve any"
    assert (told in result.output) is (copies == "0")


def test_what_is_given_or_remembered_is_not_asked_of_the_account(harness: DeployHarness) -> None:
    assert harness.deploy("--parameter", "ApiConcurrency=7").exit_code == 0
    assert harness.deploy("--parameter", "MaxSessions=5").exit_code == 0
    assert harness.aws.stack().parameters["ApiConcurrency"] == "7"
    assert not [call for call in harness.aws.calls if "account-settings" in call]


def log_role_of(harness: DeployHarness) -> str:
    with closing(harness.aws.client("apigateway")) as gateway:
        return str(gateway.get_account().get("cloudwatchRoleArn") or "")


def set_log_role(harness: DeployHarness, arn: str) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    with closing(harness.aws.client("apigateway")) as gateway:
        gateway.update_account(patchOperations=[change])
    harness.aws.calls.clear()
