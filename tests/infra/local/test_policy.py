from __future__ import annotations

from typing import Any

import pytest

from infra.local.gateway.policy import MalformedPolicyError, Policy

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/stage/GET/admin/users/u1"
API = "arn:aws:execute-api:us-east-1:123456789012:api/stage"


def statement(effect: str, resource: Any, action: Any = "execute-api:Invoke") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([statement("Allow", f"{API}/*/*")], True),
        ([statement("Allow", "*")], True),
        ([statement("Allow", ARN)], True),
        ([statement("Allow", [f"{API}/POST/other", ARN])], True),
        ([statement("Allow", f"{API}/GET/admin/users/u?")], True),
        ([statement("Allow", f"{API}/GET/admin/*")], True),
        (statement("Allow", ARN), True),
        ([statement("Allow", ARN, "*")], True),
        ([statement("Allow", ARN, "execute-api:*")], True),
        ([statement("Allow", ARN, ["execute-api:ManageConnections", "EXECUTE-API:invoke"])], True),
        ([statement("Allow", ARN, "execute-api:InvalidateCache")], False),
        ([statement("Allow", ARN, "lambda:InvokeFunction")], False),
        ([statement("Allow", f"{API}/POST/admin/users/u1")], False),
        ([statement("Allow", f"{API}/get/admin/users/u1")], False),
        ([statement("Allow", f"{API}/GET/admin/users/u")], False),
        ([statement("Allow", f"{API}/GET/admin/users/u1?")], False),
        ([statement("Allow", ARN.replace("api/", "apx/"))], False),
        ([statement("Allow", "arn:aws.execute-api:us-east-1:123456789012:api/stage/*")], False),
        ([statement("Deny", "*")], False),
        ([statement("Allow", "*"), statement("Deny", f"{API}/*/admin/*")], False),
        ([statement("Deny", f"{API}/*/other"), statement("Allow", "*")], True),
    ],
)
def test_evaluation(statements: Any, allowed: bool) -> None:  # noqa: FBT001
    """A Deny overrides every Allow, and what no statement matches is denied."""
    assert Policy.parse({"Version": "2012-10-17", "Statement": statements}).allows(ARN) is allowed


@pytest.mark.parametrize(
    "document",
    [
        None,
        "Allow",
        {},
        {"Statement": []},
        {"Statement": ["Allow"]},
        {"Statement": [{"Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": []}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": [1]}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "NotResource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]},
    ],
)
def test_a_malformed_policy_is_an_error_and_not_a_denial(document: Any) -> None:
    with pytest.raises(MalformedPolicyError):
        Policy.parse(document)
