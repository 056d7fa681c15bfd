"""What a stage shares with its account and region."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.infra.deploy.conftest import Desk, refusal


def test_a_region_without_a_log_role_gets_one(desk: Desk) -> None:
    assert "Log role  gatehouse-gateway-log" in desk.deploy().output
    assert log_role_of(desk) == f"arn:aws:iam::{desk.aws.account}:role/gatehouse-gateway-log"
    assert "Log role" not in desk.deploy(stage="dev").output


def test_a_log_role_that_others_rely_on_stays(desk: Desk) -> None:
    set_log_role(desk, "arn:aws:iam::1:role/of-another-api")
    assert "Log role" not in desk.deploy().output
    assert log_role_of(desk) == "arn:aws:iam::1:role/of-another-api"
    assert "CreateRole" not in desk.aws.calls


def test_a_role_that_another_region_has_made_is_used(desk: Desk) -> None:
    desk.deploy()
    set_log_role(desk, "")
    assert desk.deploy(stage="dev").exit_code == 0
    assert log_role_of(desk).endswith(":role/gatehouse-gateway-log")


@pytest.mark.parametrize("options", [["--dry-run"], ["--parameter", "AccessLogs=off"]])
def test_without_need_no_role_is_made(desk: Desk, options: list[str]) -> None:
    assert desk.deploy(*options).exit_code == 0
    assert log_role_of(desk) == ""


def test_a_new_role_is_offered_until_api_gateway_knows_it(desk: Desk) -> None:
    desk.aws.refuse["PATCH /account"] = "BadRequestException"
    desk.aws.refuse_status = 400
    desk.dreams[3] = desk.aws.refuse.clear
    assert "Log role  gatehouse-gateway-log" in desk.deploy().output
    assert desk.slept[:3] == [5, 5, 5]


def test_a_role_that_is_never_known_is_told(desk: Desk) -> None:
    desk.aws.refuse["PATCH /account"] = "BadRequestException"
    desk.aws.refuse_status = 400
    assert refusal(desk.deploy()).startswith("API Gateway does not take the role gatehouse-gateway-log")
    assert "CreateChangeSet" not in desk.aws.calls


@pytest.mark.parametrize(
    ("unreserved", "copies"), [(1000, "100"), (250, "75"), (140, "20"), (139, "0"), (10, "0")]
)
def test_a_new_stage_reserves_what_the_account_can_spare(desk: Desk, unreserved: int, copies: str) -> None:
    desk.aws.limit = {"ConcurrentExecutions": unreserved, "UnreservedConcurrentExecutions": unreserved}
    result = desk.deploy()
    assert result.exit_code == 0, result.output
    assert desk.aws.stack().parameters["ApiConcurrency"] == copies
    told = f"Note      this account runs {unreserved} functions at once, too few to reserve any"
    assert (told in result.output) is (copies == "0")


def test_what_is_given_or_remembered_is_not_asked_of_the_account(desk: Desk) -> None:
    assert desk.deploy("--parameter", "ApiConcurrency=7").exit_code == 0
    assert desk.deploy("--parameter", "MaxSessions=5").exit_code == 0
    assert desk.aws.stack().parameters["ApiConcurrency"] == "7"
    assert not [call for call in desk.aws.calls if "account-settings" in call]


def log_role_of(desk: Desk) -> str:
    with closing(desk.aws.client("apigateway")) as gateway:
        return str(gateway.get_account().get("cloudwatchRoleArn") or "")


def set_log_role(desk: Desk, arn: str) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    with closing(desk.aws.client("apigateway")) as gateway:
        gateway.update_account(patchOperations=[change])
    desk.aws.calls.clear()
