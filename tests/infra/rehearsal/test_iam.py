"""The policies of the functions' roles and of people, held to what IAM takes and can match."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.rehearsal.iam_policies import (
    INLINE_CHARACTERS,
    MANAGED_CHARACTERS,
    characters,
    faults_of_policy,
)
from tests.infra.rehearsal.subject import files_of_policies, of_type

ROLES = of_type("AWS::IAM::Role")
FILES = files_of_policies()
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/users"


@pytest.mark.parametrize(("name", "role"), ROLES)
def test_the_policies_of_a_role(name: str, role: dict[str, Any]) -> None:
    documents = [one["PolicyDocument"] for one in role.get("Policies", ())]
    assert documents
    assert [fault for one in documents for fault in faults_of_policy(one)] == [], name
    assert characters(*documents) <= INLINE_CHARACTERS
    for one in documents:
        assert "*" not in {action for statement in one["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("file", FILES)
def test_a_policy_for_people_can_be_made_a_managed_one(file: str) -> None:
    assert list(faults_of_policy(FILES[file])) == []
    assert characters(FILES[file]) <= MANAGED_CHARACTERS


def policy(**changes: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE} | changes
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    "taken",
    [
        policy(),
        policy(
            Action=["dynamodb:GetItem", "dynamodb:*Item"], Resource="arn:aws:dynamodb:*:*:table/gatehouse-*"
        ),
        policy(Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["A#*"]}}),
        policy(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        policy(Action="xray:PutTraceSegments", Resource="*"),
    ],
)
def test_a_policy_that_works(taken: dict[str, Any]) -> None:
    assert list(faults_of_policy(taken)) == []


@pytest.mark.parametrize(
    ("refused", "fault"),
    [
        (policy(Action="dynamodb:GetItems"), "dynamodb:GetItems does not exist"),
        (policy(Action="dynamo:GetItem"), "dynamo:GetItem does not exist"),
        (policy(Action="dynamodb:Fetch*"), "dynamodb:Fetch* does not exist"),
        (policy(Resource="arn:aws:dynamodb:eu-west-1:123456789012:tables/users"), "is no resource of"),
        (policy(Resource="arn:aws:s3:::bucket"), "never asked for"),
        (policy(Resource=[TABLE, "arn:aws:s3:::bucket"]), "arn:aws:s3:::bucket is no resource of"),
        (policy(Action="xray:PutTraceSegments"), "xray:PutTraceSegments is never asked for"),
        (policy(Condition={"StringsLike": {"dynamodb:LeadingKeys": "A"}}), "StringsLike is no operator"),
        (policy(Condition={"StringLike": {"dynamodb:LeadingKey": "A"}}), "is no condition key of dynamodb"),
        (policy(Condition={"StringLike": {"iam:PassedToService": "A"}}), "is no condition key of dynamodb"),
        (policy(Condition={"StringLike": {"aws:SourceRegion": "A"}}), "is no condition key of dynamodb"),
        (policy(Sid="read items"), "has other characters"),
        (policy() | {"Version": "2012-10-18"}, "Version is not"),
        ({"Version": "2012-10-17", "Statement": policy(Sid="a")["Statement"] * 2}, "a Sid is there twice"),
    ],
)
def test_a_policy_that_iam_refuses_or_never_matches(refused: dict[str, Any], fault: str) -> None:
    assert [one for one in faults_of_policy(refused) if fault in one]


def test_white_space_does_not_count() -> None:
    assert characters({"a": [1, 2]}, {"b": "c d"}) == len('{"a":[1,2]}{"b":"c d"}')
