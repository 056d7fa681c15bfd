"""A throw-away account that sees a deployment as an app does, from outside."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.errors import GatehouseError, NotFound
from infra.operate.deployment import Deployment
from infra.operate.terminal import say

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TemporaryAccount:
    """An account that lasts as long as its `with` block."""

    api_url: str
    email: str
    password: Password
    user_id: str

    def sign_in(self) -> dict[str, Any]:
        """Return the answer of the token endpoint. Raises requests' errors, also for a refusal."""
        form = {"grant_type": "password", "username": self.email, "password": self.password.reveal()}
        answer = requests.post(f"{self.api_url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return dict(answer.json())

    def refresh(self, refresh_token: str) -> requests.Response:
        """Present a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return requests.post(f"{self.api_url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)

    def get(self, path: str, access_token: str) -> requests.Response:
        """Call a protected route."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return requests.get(f"{self.api_url}{path}", headers=headers, timeout=TIMEOUT_SECONDS)


def say_aside(sentence: str) -> None:
    """Say something that is no part of a command's answer."""
    say(sentence, err=True)


@contextmanager
def temporary_account(
    deployment: Deployment, on_remaining: Callable[[str], object] = say_aside
) -> Iterator[TemporaryAccount]:
    """Create the account, and remove it again whatever happens.

    Where that fails, `on_remaining` is told in one sentence how to do it by hand: what was seen through the
    account is as true as it was.
    """
    one = _create(deployment)
    try:
        yield one
    finally:
        _remove(deployment, one, on_remaining)


def _create(deployment: Deployment) -> TemporaryAccount:
    password = Password(secrets.token_urlsafe(24))
    email = f"probe-{secrets.token_hex(8)}@gatehouse.invalid"
    try:
        account = deployment.services.create_account(email=email, password=password, actor=deployment.actor)
    except BaseException:
        # The write may have been done and its answer lost; then only the address is known.
        with suppress(GatehouseError):
            user_id = deployment.find_account(email).user_id
            deployment.services.administration.delete(user_id, deployment.actor)
        raise
    return TemporaryAccount(deployment.api_url, email, password, account.user_id)


def _remove(deployment: Deployment, one: TemporaryAccount, on_remaining: Callable[[str], object]) -> None:
    try:
        deployment.services.administration.delete(one.user_id, deployment.actor)
    except NotFound:
        # Somebody else was quicker, or the answer to an earlier attempt was lost: it is gone either way.
        return
    except GatehouseError as error:
        command = f"python -m infra users delete {one.email} --stage {deployment.stage} --yes"
        on_remaining(f"The account {one.email} could not be removed ({error.reason}): do it by `{command}`.")
