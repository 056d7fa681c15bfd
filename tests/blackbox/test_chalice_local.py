"""Chalice's own server: alone, and beside a running stack."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from chalicelib.settings import serves_chalice_local
from infra.local.environment import running_stack
from infra.local.stack.demo import PASSWORD as DEMO_PASSWORD
from infra.local.stack.resources import client
from infra.operate.api_client import ApiClient, altered, summarize
from tests.blackbox.errors import check
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment
from tests.blackbox.test_process import ROOT, free_port, heard, running

CHALICE = str(Path(sys.executable).with_name("chalice"))
REAL = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_PROFILE": "prod",
    "AWS_ENDPOINT_URL_DYNAMODB": "https://x.invalid",
}


@contextmanager
def chalice_local(folder: Path, stage: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `chalice local` in a project whose `.local` is in the folder; yield the process and its address."""
    for name in ("app.py", "chalicelib", "infra", ".chalice"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "requirements.txt").touch()
    port = free_port()
    command = [CHALICE, "local", "--stage", stage, "--port", str(port), "--no-autoreload"]
    with running(command, folder, BCRYPT_COST="4", **REAL) as process:
        heard(process, "Serving on ")
        yield process, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run one without a stack, for a stage that has no configuration, with credentials of an account."""
    with chalice_local(tmp_path_factory.mktemp("alone"), "prod") as (process, url):
        health = requests.get(f"{url}/health", timeout=10)
        assert health.json() == {"status": "ok"}
        assert requests.get(f"{url}/nothing", timeout=10).status_code == 403
        assert requests.get(f"{url}/me", timeout=30).status_code == 401
        accounts = heard(process, "Accounts: ")
        assert (
            accounts == f"Accounts: demo@example.com, admin@example.com; password of both: {DEMO_PASSWORD}\n"
        )
        assert heard(process, "Mails that a deployment would send: http://127.0.0.1:")
        yield url


@pytest.fixture(scope="module")
def app(alone: str) -> Iterator[ApiClient]:
    with closing(ApiClient(alone, "admin@example.com", DEMO_PASSWORD)) as app:
        assert summarize(app.sign_in()) == "200"
        yield app


def test_alone_it_has_its_own_aws_and_the_same_accounts(app: ApiClient) -> None:
    me = app.me().json()
    assert (me["email"], me["permissions"]) == ("admin@example.com", ["users:read", "users:write"])
    bearer = {"Authorization": f"Bearer {app.access_token}"}
    assert app.send("GET", f"/admin/users/{me['id']}", headers=bearer).status_code == 200
    assert summarize(app.refresh(app.refresh_token)) == "200"


@pytest.mark.parametrize("header", [{}, {"Authorization": ""}, {"Authorization": "Digest eDp5"}])
def test_a_missing_token_is_answered_as_on_aws(alone: str, header: dict[str, str]) -> None:
    answer = requests.get(f"{alone}/me", headers=header, timeout=10)
    check(answer, 401, "unauthorized", 'Bearer realm="gatehouse"')


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_a_refused_token_or_key_is_answered_as_on_aws(alone: str, app: ApiClient, scheme: str) -> None:
    refused = {"Authorization": f"{scheme} {altered(str(app.access_token))}"}
    answer = requests.get(f"{alone}/me", headers=refused, timeout=10)
    check(answer, 401, "invalid_token", 'Bearer realm="gatehouse", error="invalid_token"')


def test_unknown_paths_and_methods_stay_those_of_chalice(alone: str) -> None:
    unknown = requests.get(f"{alone}/nothing", timeout=10)
    assert (unknown.status_code, unknown.json()) == (403, {"message": "Missing Authentication Token"})
    assert requests.put(f"{alone}/me", timeout=10).status_code == 405


def test_beside_a_stack_it_shares_accounts_sessions_and_keys_and_says_503_when_that_is_gone(
    stage: LocalDeployment, tmp_path: Path
) -> None:
    (tmp_path / ".local").mkdir()
    file = tmp_path / ".local" / "stack.json"
    file.write_bytes((stage.folder / ".local" / "stack.json").read_bytes())
    with (
        chalice_local(tmp_path, "dev") as (_, url),
        closing(ApiClient(url, stage.account(), PASSWORD)) as app,
    ):
        assert summarize(app.sign_in()) == "200"
        assert summarize(app.me()) == "200"
        ours = stage.visitor(app.username)
        ours.access_token = app.access_token
        assert summarize(ours.me()) == "200", "the gateway of `make run` takes its tokens"
        assert summarize(app.refresh(app.refresh_token)) == "200"
        outsider = stage.signed_in()
        with closing(client("dynamodb", stage.stack.aws_endpoint_url)) as dynamodb:
            dynamodb.delete_table(TableName=stage.stack.users_table)
        bearer = {"Authorization": f"Bearer {outsider.access_token}"}
        unreachable = requests.get(f"{url}/me", headers=bearer, timeout=20)
        check(unreachable, 503, "temporarily_unavailable")
        assert re.fullmatch(r"\d+", unreachable.headers["Retry-After"])


def test_what_a_killed_stack_left_is_no_running_stack(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    assert running_stack(file) is None
    file.write_text(json.dumps({"aws_endpoint_url": f"http://127.0.0.1:{free_port()}"}))
    assert running_stack(file) is None
    file.write_text("{")
    assert running_stack(file) is None


@pytest.mark.parametrize(
    ("words", "mode", "expected"),
    [
        (["local", "--stage", "package"], "true", True),
        (["--debug", "local"], "true", True),
        (["package", "--stage", "local", "out"], "true", False),
        (["deploy", "--stage", "local"], "true", False),
        (["local"], None, False),
    ],
)
def test_only_chalice_local_loads_the_local_stack(
    monkeypatch: pytest.MonkeyPatch, words: list[str], mode: str | None, *, expected: bool
) -> None:
    monkeypatch.setattr(sys, "argv", ["chalice", *words])
    monkeypatch.delenv("AWS_CHALICE_CLI_MODE", raising=False)
    if mode:
        monkeypatch.setenv("AWS_CHALICE_CLI_MODE", mode)
    assert serves_chalice_local() is expected
