"""What stages share in their account and region: log role, bucket, concurrency, boundary, network."""

from __future__ import annotations

import time
from contextlib import closing

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.deploy import account
from infra.deploy.bucket import Bucket
from infra.deploy.options import PROJECT
from infra.deploy.refusal import Refused
from infra.deploy.target import ATTEMPTS, Target
from tests.infra.deploy.aws import REGION, Aws


def target(aws: Aws) -> Target:
    return Target("prod", aws.account, "aws", REGION, boto3.Session(region_name=REGION))


def log_role(aws: Aws) -> str:
    with closing(aws.client("apigateway")) as gateway:
        return str(gateway.get_account().get("cloudwatchRoleArn") or "")


def test_a_region_without_a_log_role_gets_one_and_one_that_is_set_stays(aws: Aws) -> None:
    account.ensure_log_role(target(aws), lambda _: None)
    assert log_role(aws) == f"arn:aws:iam::{aws.account}:role/gatehouse-gateway-log"
    with closing(aws.client("apigateway")) as gateway:
        other = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/other"}
        gateway.update_account(patchOperations=[other])
    account.ensure_log_role(target(aws), lambda _: None)
    assert log_role(aws) == "arn:aws:iam::1:role/other"


def test_a_new_role_is_offered_until_api_gateway_accepts_it(aws: Aws) -> None:
    """API Gateway accepts UpdateAccount once in 20 seconds, and a new role after some seconds more."""
    aws.refuse["PATCH /account"] = "BadRequestException"
    aws.refuse_status = 400
    slept: list[float] = []
    with pytest.raises(Refused, match="API Gateway does not accept the role gatehouse-gateway-log"):
        account.ensure_log_role(target(aws), slept.append)
    assert (len(slept), min(slept) > 20) == (10, True)
    account.ensure_log_role(target(aws), lambda _: aws.refuse.clear())
    assert log_role(aws)


def test_a_throttled_update_of_the_account_is_repeated_by_botocore(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    aws.refuse["PATCH /account"] = "TooManyRequestsException"
    aws.refuse_status = 429
    waited: list[int] = []

    def delay(_backoff: object, context: object) -> float:
        waited.append(len(waited))
        if len(waited) == 3:
            aws.refuse.clear()
        return 0

    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", delay)
    account.ensure_log_role(target(aws), lambda _: pytest.fail("botocore waits"))
    assert (log_role(aws) != "", len(waited)) == (True, 3)


@pytest.mark.parametrize(
    ("unreserved", "copies"), [(1000, "100"), (250, "75"), (140, "20"), (139, "0"), (10, "0")]
)
def test_a_new_stage_reserves_what_the_account_can_spare(aws: Aws, unreserved: int, copies: str) -> None:
    aws.limit = {"ConcurrentExecutions": unreserved, "UnreservedConcurrentExecutions": unreserved}
    assert account.suggestions(target(aws), {"PermissionsBoundary": ""}) == {"ApiConcurrency": copies}


def test_a_boundary_of_the_account_bounds_every_role(aws: Aws) -> None:
    given = {"ApiConcurrency": "7"}
    assert account.suggestions(target(aws), given) == {"PermissionsBoundary": ""}
    with closing(aws.client("iam")) as iam:
        document = (PROJECT / "infra" / "policies" / "boundary.json").read_text(encoding="utf-8")
        arn = iam.create_policy(PolicyName="gatehouse-boundary", PolicyDocument=document)["Policy"]["Arn"]
    assert account.suggestions(target(aws), given) == {"PermissionsBoundary": arn}


def test_botocore_retries_while_the_network_is_down(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    lost = iter([True] * (ATTEMPTS - 1))
    aws.lose = lambda call: call == "DescribeStacks" and next(lost, False)
    assert target(aws).client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_bucket_of_another_account_is_not_used(aws: Aws) -> None:
    aws.refuse[f"PUT /{aws.bucket}"] = "BucketAlreadyExists"
    aws.refuse_status = 409
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        Bucket(target(aws), target(aws).client("s3"), time.sleep).ensure()
    assert aws.calls == [f"PUT /{aws.bucket}"]


def test_a_new_bucket_is_waited_for_until_it_keeps_versions(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 documents up to 15 minutes; until then an upload has no version to pin."""
    monkeypatch.setattr("moto.s3.models.FakeBucket.is_versioned", property(lambda _: len(pauses) > 2))
    pauses: list[float] = []
    bucket = Bucket(target(aws), target(aws).client("s3"), pauses.append)
    bucket.ensure()
    bucket.ensure()
    assert bucket.upload("package.zip", b"code") != "null"
    assert pauses == [30, 30, 30]
