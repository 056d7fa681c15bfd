"""What the authorizer loads before it can answer: its imports are its cold start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
AS_DEPLOYED = "import sys; sys.modules['cryptography'] = None"
"""The imitation of AWS brings cryptography along, which PyJWT then loads, and that loads bcrypt."""
TELL = "import json, time; print(json.dumps({**dict.fromkeys(sys.modules, 0), '': time.process_time()}))"


def fresh(code: str) -> dict[str, float]:
    """Run code in an interpreter of its own; return every loaded module, and the seconds under no name."""
    run = [sys.executable, "-c", f"{AS_DEPLOYED}; {code}; {TELL}"]
    environment = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, check=True, text=True)  # noqa: S603 - our own code
    loaded: dict[str, float] = json.loads(done.stdout)
    return loaded


@pytest.fixture(scope="module")
def imported() -> dict[str, float]:
    return fresh("import chalicelib.api.authorizer")


@pytest.mark.parametrize(
    "module",
    [
        "app",
        "bcrypt",
        "boto3",
        "botocore.client",
        "botocore.session",
        "jwt",
        "chalicelib.api.token",
        "chalicelib.api.claims",
        "chalicelib.oauth.token_endpoint",
    ],
)
def test_the_authorizer_starts_without_what_it_does_not_need(imported: dict[str, float], module: str) -> None:
    """Of botocore, Powertools asks for the version: that is its outermost package, which holds nothing."""
    assert "chalicelib.api.authorizer" in imported
    assert module not in imported


def test_the_authorizer_at_work_has_neither_routes_nor_password_hashing() -> None:
    at_work = (
        "from chalicelib.api import authorizer; from chalicelib.wiring import house; house().verifier('x')"
    )
    loaded = fresh(at_work)
    assert {"boto3", "jwt", "chalicelib.adapters.dynamodb_sessions"} <= set(loaded)
    assert not set(loaded) & {"app", "bcrypt", "chalicelib.adapters.bcrypt_hasher", "chalicelib.api.token"}
    assert not [
        name for name in loaded if name.startswith(("chalicelib.accounts", "chalicelib.oauth.grants"))
    ]


def test_importing_the_authorizer_costs_little(imported: dict[str, float]) -> None:
    """Some 140 modules in 70 ms, most of them Chalice's and Powertools': only something new breaks this."""
    bare = fresh("pass")
    assert len(imported) - len(bare) < 300
    assert imported[""] - bare[""] < 1
