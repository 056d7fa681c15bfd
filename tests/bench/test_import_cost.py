"""What the authorizer loads before it can answer: it is most of a cold start that a person waits for."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = "import chalicelib.api.authorizer"
AT_WORK = (
    "from chalicelib.api import authorizer; from chalicelib.services import get_services; "
    "get_services().verifier('x')"
)
PACKAGES = "import chalice.app; from aws_lambda_powertools import Logger, single_metric"
CLIENTS = (
    f"{PACKAGES}; import jwt, boto3; "
    "[boto3.client(name, region_name='us-east-1') for name in ('dynamodb', 'secretsmanager')]"
)
MOST_MODULES = 68
"""Of our own and of the standard library, beyond what the packages load; 66 when this was written."""
NOT_NEEDED = {
    "app",
    "aws_lambda_powertools",
    "bcrypt",
    "boto3",
    "botocore.client",
    "botocore.session",
    "idna",
    "infra",
    "jwt",
    "chalicelib.api.routes.account",
    "chalicelib.api.claims",
    "chalicelib.api.http",
    "chalicelib.api.routes.token",
    "chalicelib.oauth.token_endpoint",
}
"""Of botocore, Powertools asks for the version: that is its outermost package, which holds nothing."""
# The imitation of AWS brings cryptography along, which PyJWT then loads, and that loads bcrypt.
_AS_DEPLOYED = "import json, sys; sys.modules['cryptography'] = None; before = set(sys.modules); "
_TELL = "; print(json.dumps(sorted(set(sys.modules) - before)))"


@cache
def loaded(code: str) -> frozenset[str]:
    """Import in an interpreter of its own, and return the modules that this loads."""
    environment = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-B", "-c", _AS_DEPLOYED + code + _TELL]
    done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own words
    return frozenset(json.loads(done.stdout))


def test_the_authorizer_starts_without_what_it_does_not_need() -> None:
    ours = loaded(OURS)
    assert "chalicelib.api.authorizer" in ours
    assert not NOT_NEEDED & ours


def test_the_authorizer_at_work_has_neither_routes_nor_password_hashing() -> None:
    ours = loaded(AT_WORK)
    assert {"botocore.auth", "jwt", "chalicelib.adapters.dynamodb.sessions"} <= ours
    assert not ours & {
        "app",
        "boto3",
        "botocore.client",
        "bcrypt",
        "idna",
        "chalicelib.adapters.bcrypt_hasher",
        "chalicelib.api.routes.token",
    }
    assert not [name for name in ours if name.startswith(("chalicelib.accounts", "chalicelib.oauth.grants"))]


@pytest.mark.parametrize(("code", "floor"), [(OURS, PACKAGES), (AT_WORK, CLIENTS)], ids=["import", "work"])
def test_beyond_its_packages_the_authorizer_loads_little_but_itself(code: str, floor: str) -> None:
    more = loaded(code) - loaded(floor)
    assert {name.partition(".")[0] for name in more} - {"chalicelib"} <= sys.stdlib_module_names
    assert len(more) <= MOST_MODULES
