"""`python -m infra users unlock`, against a running stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.blackbox.errors import check
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage"), SIGN_IN_NETWORK_FAILURES=2) as running:
        yield running


def unlock(stage: LocalDeployment, user: str) -> str:
    result = stage.operate("users", "unlock", user)
    assert result.exit_code == 0, result.output
    return result.stdout


def use_up(stage: LocalDeployment, name: str) -> None:
    app = stage.visitor("demo@example.com")
    for _ in range(2):
        check(app.sign_in(username=name, password="wrong"), 400, "invalid_grant")
    check(app.sign_in(username=name, password="wrong"), 429, "temporarily_unavailable")


@pytest.mark.parametrize("by", ["email", "username", "id"])
def test_every_name_of_an_account_is_unlocked_by_any_of_its_names_or_its_id(
    stage: LocalDeployment, by: str
) -> None:
    email, username = f"{by}@example.com", f"user-{by}"
    made = stage.operate(
        *("users", "create", "--email", email, "--username", username, "--password-stdin"),
        stdin=PASSWORD,
    )
    user_id = made.output.split()[-1].rstrip(".")
    for name in (email, username):
        use_up(stage, name)
    said = unlock(stage, {"email": email, "username": username, "id": user_id}[by])
    who = f"{email} (user name {username}, id {user_id})"
    assert said == f"Unlocked {who}: of 2 names, 2 had failed sign-ins.\n"
    app = stage.visitor(email)
    for name in (email, username):
        assert app.sign_in(username=name).status_code == 200
    assert unlock(stage, username) == f"Unlocked {who}: of 2 names, 0 had failed sign-ins.\n"
    assert "sign_in_unlocked, by " in stage.operate("users", "show", email).output


def test_a_name_that_finds_nobody_is_unlocked_and_called_that(stage: LocalDeployment) -> None:
    use_up(stage, "nobody@example.com")
    said = "No account has this name. Unlocked the name itself: "
    assert unlock(stage, "nobody@example.com") == said + "1 had failed sign-ins.\n"
    assert unlock(stage, "never tried") == said + "0 had failed sign-ins.\n"
    check(stage.visitor("x").sign_in(username="nobody@example.com"), 400, "invalid_grant")
