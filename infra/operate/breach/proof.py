"""The proof of a breach: tokens that a temporary account got before it are refused after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import requests

from chalicelib.domain.api_keys.api_key import ApiKeySecret
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from chalicelib.domain.errors import GatehouseError
from infra.operate.deployment import Deployment
from infra.operate.temporary_account import TemporaryAccount, temporary_account
from infra.operate.terminal import say

NOBODY_BEFORE = "no account could sign in before"
_NOT_PERMITTED = (403, "insufficient_scope")
_REFUSED_TOKEN = (401, "invalid_token")
_REFUSED_GRANT = (400, "invalid_grant")
_GOOD = (200, "")


@dataclass(frozen=True, slots=True)
class KeyBefore:
    """An API key from before the breach, and an access token that came from it."""

    key_id: str
    secret: ApiKeySecret
    access_token: str

    def prove(self, one: TemporaryAccount) -> dict[str, bool]:
        """Return each claim with whether it holds now."""
        return {
            "an old API key is refused": _holds(
                lambda: _said(one.get_with_key("/me", self.key_id, self.secret)) == _REFUSED_TOKEN
            ),
            "an old access token of an API key is refused": _holds(
                lambda: _said(one.get("/me", self.access_token)) == _REFUSED_TOKEN
            ),
        }


@dataclass(frozen=True, slots=True)
class Before:
    """An account, its tokens from before the breach, and whether API Gateway accepted them then.

    `api_key` is None unless API keys end as well.
    """

    account: TemporaryAccount
    access_token: str
    refresh_token: str
    was_let_through: bool
    api_key: KeyBefore | None = None

    def prove(self) -> dict[str, bool]:
        """Return each claim with whether it holds now."""
        one = self.account
        return {
            # `/me` reads the table itself, independently of API Gateway's cache.
            "an old access token is refused": _holds(
                lambda: _said(one.get("/me", self.access_token)) == _REFUSED_TOKEN
            ),
            # This route trusts the authorizer: with a cached Allow it would respond as before.
            "an old access token is refused where the authorizer's cache decides": self.was_let_through
            and _holds(lambda: _said(_ask_cache(one, self.access_token)) == _REFUSED_TOKEN),
            "an old refresh token is refused": _holds(
                lambda: _said(one.refresh(self.refresh_token)) == _REFUSED_GRANT
            ),
            "a new sign-in works": _holds(
                lambda: _said(one.get("/me", one.sign_in()["access_token"])) == _GOOD
            ),
            **(self.api_key.prove(one) if self.api_key else {}),
        }


@contextmanager
def looking_before(
    deployment: Deployment, on_remaining: Callable[[str], object], *, api_keys: bool = False
) -> Iterator[Before | None]:
    """Sign in to get tokens from before the breach, with `api_keys` also a key; yield None if that fails.

    `on_remaining` is called if the account cannot be deleted afterwards.
    """
    with ExitStack() as stack:
        try:
            account = stack.enter_context(temporary_account(deployment, on_remaining))
            before = _look(account)
            if api_keys:
                before = replace(before, api_key=_look_with_key(deployment, account))
        except (requests.RequestException, GatehouseError, ValueError, KeyError, TypeError) as error:
            why = type(error).__name__
            say(f"No proof will be possible: signing in before failed ({why}).", err=True)
            before = None
        yield before


def _look(one: TemporaryAccount) -> Before:
    tokens = one.sign_in()
    access, refresh = str(tokens["access_token"]), str(tokens["refresh_token"])
    # This call also makes API Gateway cache the authorizer's decision for this token.
    return Before(one, access, refresh, _holds(lambda: _said(_ask_cache(one, access)) == _NOT_PERMITTED))


def _look_with_key(deployment: Deployment, one: TemporaryAccount) -> KeyBefore:
    administration = deployment.services.api_key_administration
    order = ApiKeyOrder("proof of a breach")
    key, secret = administration.create(one.user_id, order, deployment.actor, tell_owner=False)
    return KeyBefore(key.key_id, secret, str(one.exchange(key.key_id, secret)["access_token"]))


def _ask_cache(one: TemporaryAccount, access_token: str) -> requests.Response:
    """Request a resource without the permission: 403 `insufficient_scope` means the token was accepted."""
    return one.get(f"/admin/users/{one.user_id}", access_token)


def _said(answer: requests.Response) -> tuple[int, str]:
    """Return status and error code. Raises ValueError or TypeError for a body that is not a JSON object."""
    body = answer.json()
    if not isinstance(body, dict):
        raise TypeError
    return answer.status_code, str(body.get("error", ""))


def _holds(look: Callable[[], bool]) -> bool:
    """Return the result of `look`, or False if the response is not one of Gatehouse."""
    try:
        return look()
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return False
