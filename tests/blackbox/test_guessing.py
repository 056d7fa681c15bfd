"""How many guesses there are, what they tell, and who is not held up by them, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.operate.api_client import ApiClient, summarize
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged

LIMIT = 3
SEVEN_DAYS = 7 * 86_400
WAITS = "429 temporarily_unavailable"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage"), SIGN_IN_NETWORK_FAILURES=LIMIT) as running:
        yield running


def account(stage: LocalDeployment, name: str) -> None:
    options = ("--email", f"{name}@example.com", "--username", name, "--password-stdin")
    assert stage.operate("users", "create", *options, stdin=PASSWORD).exit_code == 0


def guess(app: ApiClient, name: str, **more: str) -> str:
    return summarize(app.sign_in(username=name, password="wrong", **more))


def test_using_up_one_name_tells_nothing_about_the_others(stage: LocalDeployment) -> None:
    account(stage, "linked")
    app = stage.visitor("linked@example.com")
    assert [guess(app, "linked") for _ in range(LIMIT + 1)] == ["400 invalid_grant"] * LIMIT + [WAITS]
    others = ["linked@example.com", *(f"stranger{number}@example.com" for number in range(4))]
    assert {guess(app, name) for name in others} == {"400 invalid_grant"}


def test_a_name_waits_as_long_before_and_after_somebody_takes_it(stage: LocalDeployment) -> None:
    app = stage.visitor("taken@example.com")
    assert [guess(app, "taken@example.com") for _ in range(LIMIT + 1)][-1] == WAITS
    account(stage, "taken")
    answer = app.sign_in()
    assert summarize(answer) == WAITS
    assert SEVEN_DAYS - 60 < int(answer.headers["Retry-After"]) <= SEVEN_DAYS
    assert summarize(app.sign_in(username="taken")) == "200"


def test_a_known_device_signs_in_while_its_name_is_under_attack(stage: LocalDeployment) -> None:
    account(stage, "owner")
    owner, attacker = stage.visitor("owner@example.com"), stage.visitor("owner@example.com")
    key = owner.sign_in().json()["device_key"]
    for forged in ("ghd_" + "A" * 64, "", "x", key[:-1] + ("A" if key[-1] != "A" else "B")):
        assert guess(attacker, "owner@example.com", device_key=forged) in {"400 invalid_grant", WAITS}
    assert guess(attacker, "owner@example.com") == WAITS
    assert summarize(owner.sign_in()) == WAITS
    answer = owner.sign_in(device_key=key)
    assert (summarize(answer), answer.json()["device_key"]) == ("200", key)
    assert guess(owner, "owner@example.com", device_key=key) == "400 invalid_grant"
    assert guess(attacker, "owner@example.com") == WAITS


def test_a_device_key_is_a_parameter_like_any_other(stage: LocalDeployment) -> None:
    account(stage, "form")
    app = stage.visitor("form@example.com")
    key = app.sign_in().json()["device_key"]
    form = f"grant_type=password&username=form&password=x&device_key={key}&device_key={key}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert summarize(app.send("POST", "/oauth/token", data=form, headers=headers)) == "400 invalid_request"
    query = app.send("POST", f"/oauth/token?device_key={key}", data="grant_type=password", headers=headers)
    assert summarize(query) == "400 invalid_request"
