"""A temporary account that uses a deployment over HTTP, as an app does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.api_keys.api_key import ApiKeySecret
from chalicelib.domain.errors import GatehouseError, NotFound
from infra.operate.deployment import Deployment
from infra.operate.terminal import say

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TemporaryAccount:
    """An account that exists during a `with` block."""

    api_url: str
    email: str
    password: Password
    user_id: str

    def sign_in(self) -> dict[str, Any]:
        """Return the response of the token endpoint. Raises RequestException, also for a 4xx or 5xx."""
        form = {"grant_type": "password", "username": self.email, "password": self.password.reveal()}
        answer = requests.post(f"{self.api_url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return dict(answer.json())

    def refresh(self, refresh_token: str) -> requests.Response:
        """Exchange a refresh token. Raises RequestException."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return requests.post(f"{self.api_url}/oauth/token", data=form, timeout=TIMEOUT_SECONDS)

    def get(self, path: str, access_token: str) -> requests.Response:
        """Call a protected route. Raises RequestException."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return requests.get(f"{self.api_url}{path}", headers=headers, timeout=TIMEOUT_SECONDS)

    def get_with_key(self, path: str, key_id: str, secret: ApiKeySecret) -> requests.Response:
        """Call a protected route with an API key. Raises RequestException."""
        basic = (key_id, secret.serialize())
        return requests.get(f"{self.api_url}{path}", auth=basic, timeout=TIMEOUT_SECONDS)

    def exchange(self, key_id: str, secret: ApiKeySecret) -> dict[str, Any]:
        """Return the token endpoint's response to an API key. Raises RequestException, also for an error."""
        form, basic = {"grant_type": "client_credentials"}, (key_id, secret.serialize())
        url = f"{self.api_url}/oauth/token"
        answer = requests.post(url, data=form, auth=basic, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return dict(answer.json())


def say_aside(sentence: str) -> None:
    """Print a sentence to standard error."""
    say(sentence, err=True)


@contextmanager
def temporary_account(
    deployment: Deployment, on_remaining: Callable[[str], object] = say_aside
) -> Iterator[TemporaryAccount]:
    """Create an account, and delete it at the end of the `with` block.

    If the deletion fails, call `on_remaining` with a sentence that contains the command to delete it.
    Raises GatehouseError if the account cannot be created.
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
        # The account may exist, with only its address known, if the response to the write was lost.
        with suppress(GatehouseError):
            user_id = deployment.find_account(email).user_id
            deployment.services.administration.delete(user_id, deployment.actor)
        raise
    return TemporaryAccount(deployment.api_url, email, password, account.user_id)


def _remove(deployment: Deployment, one: TemporaryAccount, on_remaining: Callable[[str], object]) -> None:
    try:
        deployment.services.administration.delete(one.user_id, deployment.actor)
    except NotFound:
        # Deleted by somebody else, or by an earlier attempt whose response was lost.
        return
    except GatehouseError as error:
        command = f"python -m infra users delete {one.email} --stage {deployment.stage} --yes"
        on_remaining(
            f"The account {one.email} could not be removed ({error.reason}): remove it with `{command}`."
        )
