"""The smoke test: green on a deployment that keeps the contract, red on each that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from infra.local.gateway.gateway import Gateway
from infra.local.gateway.messages import Request, Response
from infra.operate.deployment import Deployment
from infra.operate.smoke import run_smoke
from infra.operate.smoke_checks import CHECKS, SIGNED_IN_CHECKS
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged

Change = Callable[[Request, Response], Response]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


def accounts(stage: LocalDeployment) -> int:
    deployment = stage.deployment
    items = deployment.client("dynamodb").scan(TableName=deployment.settings.users_table)["Items"]
    return sum(item["pk"]["S"].startswith(("ACCOUNT#", "NAME#")) and "user_id" in item for item in items)


def rows(output: str) -> dict[str, list[str]]:
    """Return the table by the name of the check."""
    width = max(len(check.name) for check in CHECKS)
    return {line[:width].strip(): line[width:].split("  ") for line in output.splitlines()}


def test_a_deployment_that_keeps_the_contract_passes(stage: LocalDeployment) -> None:
    before = accounts(stage)
    result = stage.operate("smoke")
    assert result.exit_code == 0, result.output
    table = rows(result.output)
    assert {check.name for check in CHECKS} <= set(table)
    assert all(table[check.name][-1] == "yes" for check in CHECKS)
    assert result.stdout.startswith(f"Visiting {stage.url}\ncheck ")
    assert result.stdout.endswith(f"{len(CHECKS)} checks passed.\n")
    assert accounts(stage) == before, "the throw-away account is removed"
    assert not any(word in result.output for word in ("eyJ", "ghr_"))


@pytest.mark.parametrize("ending", ["", "/"])
def test_the_address_can_be_given(stage: LocalDeployment, ending: str) -> None:
    assert stage.operate("smoke", "--url", stage.url + ending).exit_code == 0
    assert stage.operate("smoke", "--stage", "local", "--url", stage.url + ending).exit_code == 0


@pytest.mark.parametrize("permissions", [[], ["users:read", "users:write"]])
def test_an_existing_account_will_do(stage: LocalDeployment, permissions: list[str]) -> None:
    """No AWS is needed for that: only the address, a name and a password."""
    app = stage.signed_in(permissions=permissions)
    arguments = ("smoke", "--url", stage.url, "--username", app.username, "--password-stdin")
    result = stage.operate(*arguments, stdin=PASSWORD + "\n")
    assert result.exit_code == 0, result.output
    assert app.me().status_code == 200, "its other sessions go on"


def test_a_wrong_password_fails_and_goes_on(stage: LocalDeployment) -> None:
    arguments = ("smoke", "--url", stage.url, "--username", stage.account(), "--password-stdin")
    result = stage.operate(*arguments, stdin="wrong")
    assert result.exit_code == 1
    table = rows(result.output)
    assert table["sign-in"][-1] == "NO"
    assert table["no token"][-1] == "yes"
    assert table["revocation without a valid token"][-1] == "yes"
    assert [name for name, row in table.items() if row[-1] == "NO"] == ["sign-in"], "it is said once"
    assert "Error" not in result.output
    assert result.stdout.endswith(
        f"The sign-in failed, so {len(SIGNED_IN_CHECKS)} checks that need a token were skipped; "
        f"with --username, check name and password.\n1 of {len(CHECKS)} checks failed.\n"
    )


def test_an_address_that_belongs_to_no_named_stage_is_refused(stage: LocalDeployment) -> None:
    result = stage.operate("smoke", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert result.output.endswith(
        "Name the --stage that this URL belongs to, or a --username that it knows.\n"
    )


def test_the_name_of_this_machine_is_as_good_as_its_address(stage: LocalDeployment) -> None:
    result = stage.operate("smoke", "--url", stage.url.replace("127.0.0.1", "localhost"))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("region", ["", "eu-central-1"])
def test_an_address_of_aws_says_which_stage_it_is(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    asked: list[tuple[str, str | None]] = []

    def enter(_: object, name: str, where: str | None) -> Deployment:
        asked.append((name, where))
        return stage.deployment

    def run(deployment: Deployment) -> bool:
        asked.append((deployment.api_url, None))
        return True

    monkeypatch.setattr("infra.operate.smoke.enter", enter)
    monkeypatch.setattr("infra.operate.smoke.run_smoke", run)
    url = "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod"
    assert stage.operate("smoke", "--url", url, *(["--region", region] if region else [])).exit_code == 0
    assert asked == [("prod", region or "eu-west-1"), (url, None)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "no address", "http://127.0.0.1:99999"])
def test_nobody_at_home_is_said_once(stage: LocalDeployment, url: str) -> None:
    before = accounts(stage)
    result = stage.operate("smoke", "--stage", "local", "--url", url)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"Nothing answers at {url} (")
    assert result.stdout.count("\n") == 1
    assert accounts(stage) == before


def test_what_it_says_can_go_elsewhere(stage: LocalDeployment) -> None:
    lines: list[str] = []
    assert run_smoke(stage.deployment, lines.append)
    assert len(lines) == len(CHECKS) + 3


def without(*names: str) -> Change:
    def change(_: Request, response: Response) -> Response:
        kept = tuple(pair for pair in response.headers if pair[0].lower() not in names)
        return replace(response, headers=kept)

    return change


def when(is_so: Callable[[Request, Response], bool], **changes: Any) -> Change:
    return lambda request, response: replace(response, **changes) if is_so(request, response) else response


TOKENS = b'{"access_token":"a.b.c","token_type":"Bearer","expires_in":1,"refresh_token":"r","scope":""}'
BROKEN: dict[str, tuple[Change, str]] = {
    "tokens may be cached": (without("cache-control"), "sign-in"),
    "no challenge": (without("www-authenticate"), "no token"),
    "no Allow": (without("allow"), "token endpoint by GET"),
    "no content type": (without("content-type"), "health"),
    "HTML errors": (when(lambda _, one: one.status == 404, body=b"<html></html>"), "no such path"),
    "404 by another status": (when(lambda _, one: one.status == 404, status=403), "no such method"),
    "an outage instead of a refusal": (when(lambda _, one: one.status == 401, status=503), "no JWT"),
    "every token is good": (
        when(lambda request, one: request.path == "/me" and one.status == 401, status=200, body=b"{}"),
        "algorithm none",
    ),
    "always the same tokens": (
        when(lambda request, one: request.path == "/oauth/token" and one.status == 200, body=TOKENS),
        "refresh",
    ),
    "an unknown path with a token is a signature": (
        when(lambda request, one: one.status == 404 and "Authorization" in request.headers, status=403),
        "no such path, with a token",
    ),
    "everybody may do everything": (when(lambda _, one: one.status == 403, status=200), "permission"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_deployment_that_breaks_the_contract_fails(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    change, expected = BROKEN[how]
    handle = Gateway.handle
    monkeypatch.setattr(Gateway, "handle", lambda self, request: change(request, handle(self, request)))
    result = stage.operate("smoke")
    assert result.exit_code == 1
    assert rows(result.output)[expected][-1] == "NO", result.output
    assert f"of {len(CHECKS)} checks failed." in result.output


def test_a_challenge_that_api_gateway_renames_is_taken(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It renames that of a function, and leaves that of a gateway response alone."""
    handle = Gateway.handle

    def renaming(self: Gateway, request: Request) -> Response:
        response = handle(self, request)
        if "pragma" not in {name.lower() for name, _ in response.headers}:
            return response
        renamed = {"www-authenticate": "x-amzn-Remapped-WWW-Authenticate"}
        headers = tuple((renamed.get(name.lower(), name), value) for name, value in response.headers)
        return replace(response, headers=headers)

    monkeypatch.setattr(Gateway, "handle", renaming)
    result = stage.operate("smoke")
    assert result.exit_code == 0, result.output
