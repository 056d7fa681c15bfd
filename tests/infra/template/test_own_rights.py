"""Own functions keep away from accounts and key, whatever their policies say besides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.local.stack.template import TEMPLATE
from tests.infra.template.calls import SECRET, TABLE
from tests.infra.template.packaged import PROJECT
from tests.infra.template.resolved import Resolved

OURS = {"policy-api.json", "policy-authorizer.json", "policy-rotation.json", "policy-mail.json"}
POLICIES = sorted(path.name for path in (PROJECT / ".chalice").glob("policy-*.json") if path.name not in OURS)
GUARDED = {"dynamodb": (TABLE, f"{TABLE}/index/accounts"), "secretsmanager": (SECRET,)}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(name: str) -> list[dict[str, Any]]:
    """Return the statements of a policy as they are in stage prod."""
    policy = json.loads((PROJECT / ".chalice" / name).read_text("utf-8"))
    service, own = (
        yaml_parse(path.read_text("utf-8")) or {} for path in (TEMPLATE, PROJECT / "infra" / "functions.yaml")
    )
    document = {part: {**service[part], **(own.get(part) or {})} for part in ("Parameters", "Conditions")}
    mine = {logical_id: {"Type": "-", "Properties": {}} for logical_id in own.get("Resources") or {}}
    resource = {"Type": "AWS::IAM::Policy", "Properties": policy}
    resolved = Resolved({**document, "Resources": {**mine, "Policy": resource}})
    return listed(resolved.properties("Policy")["Statement"])


def reached(statement: dict[str, Any]) -> Iterator[str]:
    """Yield what a statement allows of the service's own data."""
    if statement["Effect"] != "Allow":
        return
    for action in listed(statement.get("Action", "*")):
        service = action.partition(":")[0].lower()
        for resource in (one for name, ones in GUARDED.items() for one in ones if service in {"*", name}):
            if any(fnmatchcase(resource, pattern) for pattern in listed(statement.get("Resource", "*"))):
                yield f"{action} of {resource}"


@pytest.mark.parametrize("name", POLICIES)
def test_own_functions_reach_neither_accounts_nor_key(name: str) -> None:
    for statement in statements(name):
        found = list(reached(statement))
        assert not found, (
            f".chalice/{name}: {statement.get('Sid', 'a statement')} allows {found[0]}: "
            "name your own table or secret as its Resource, such as gatehouse-${Stage}-notes."
        )


@pytest.mark.parametrize(
    ("action", "resource", "is_found"),
    [
        ("dynamodb:GetItem", TABLE, True),
        ("dynamodb:*", "*", True),
        ("*", f"{TABLE}*", True),
        ("dynamodb:Query", f"{TABLE}/index/*", True),
        ("secretsmanager:GetSecretValue", "*", True),
        ("dynamodb:Query", f"{TABLE}-notes", False),
        ("xray:PutTraceSegments", "*", False),
    ],
)
def test_the_check_sees_wildcards(action: str, resource: str, is_found: bool) -> None:  # noqa: FBT001
    assert bool(list(reached({"Effect": "Allow", "Action": [action], "Resource": resource}))) is is_found
