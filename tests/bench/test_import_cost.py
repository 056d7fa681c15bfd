"""What the authorizer loads before it can answer: it is most of a cold start that a person waits for.

The times are held to those of an import of the packages alone, taken in turn on the same machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]
ROUNDS = 5
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
MOST_TIME = {OURS: 2.5, AT_WORK: 1.8}
"""Times the packages alone; 1.6 and 1.3 when this was written. boto3 alone would make the first 4."""
MOST_MODULES = 62
"""Of our own and of the standard library, beyond what the packages load; 59 when this was written."""
NOT_NEEDED = {
    "app",
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
_AS_DEPLOYED = (
    "import json, sys, time; sys.modules['cryptography'] = None; "
    "before, began = set(sys.modules), time.process_time(); "
)
_TELL = "; print(json.dumps([time.process_time() - began, sorted(set(sys.modules) - before)]))"


@dataclass(frozen=True)
class Loaded:
    """An import in an interpreter of its own: the CPU time that it took, and the modules that it loads."""

    seconds: float
    modules: frozenset[str]


@cache
def compared(code: str, floor: str) -> tuple[Loaded, Loaded]:
    """Import one and the other in turn, with byte code as Lambda has it, and return the quickest of each."""
    with TemporaryDirectory() as byte_code:
        _fresh(f"{code}; {floor}", byte_code)
        rounds = [(_fresh(code, byte_code), _fresh(floor, byte_code)) for _ in range(ROUNDS)]
    ours, theirs = zip(*rounds, strict=True)
    return min(ours, key=lambda one: one.seconds), min(theirs, key=lambda one: one.seconds)


def _fresh(code: str, byte_code: str) -> Loaded:
    environment = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": byte_code,
    }
    command = [sys.executable, "-c", _AS_DEPLOYED + code + _TELL]
    done = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own words
    seconds, modules = json.loads(done.stdout)
    return Loaded(seconds, frozenset(modules))


def test_the_authorizer_starts_without_what_it_does_not_need() -> None:
    ours, _ = compared(OURS, PACKAGES)
    assert "chalicelib.api.authorizer" in ours.modules
    assert not NOT_NEEDED & ours.modules


def test_the_authorizer_at_work_has_neither_routes_nor_password_hashing() -> None:
    loaded = compared(AT_WORK, CLIENTS)[0].modules
    assert {"botocore.auth", "jwt", "chalicelib.adapters.dynamodb.sessions"} <= loaded
    assert not loaded & {
        "app",
        "boto3",
        "botocore.client",
        "bcrypt",
        "idna",
        "chalicelib.adapters.bcrypt_hasher",
        "chalicelib.api.routes.token",
    }
    assert not [
        name for name in loaded if name.startswith(("chalicelib.accounts", "chalicelib.oauth.grants"))
    ]


@pytest.mark.parametrize(("code", "floor"), [(OURS, PACKAGES), (AT_WORK, CLIENTS)], ids=["import", "work"])
def test_beyond_its_packages_the_authorizer_loads_little_but_itself(code: str, floor: str) -> None:
    ours, theirs = compared(code, floor)
    more = ours.modules - theirs.modules
    assert {name.partition(".")[0] for name in more} - {"chalicelib"} <= sys.stdlib_module_names
    assert len(more) <= MOST_MODULES


@pytest.mark.parametrize(("code", "floor"), [(OURS, PACKAGES), (AT_WORK, CLIENTS)], ids=["import", "work"])
def test_beyond_its_packages_the_authorizer_takes_little_time(
    code: str, floor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = compared(code, floor)
    with capsys.disabled():
        print(  # noqa: T201 - a measurement is for people
            f"\n  {code[:40]}…: {1e3 * ours.seconds:.0f} ms of CPU, {len(ours.modules)} modules; "
            f"its packages alone: {1e3 * theirs.seconds:.0f} ms, {len(theirs.modules)} modules"
        )
    assert ours.seconds < MOST_TIME[code] * theirs.seconds
