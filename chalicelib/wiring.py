"""The composition root: which use case gets which port. Which adapter serves a port is `world`'s to say.

Everything is built at its first use and once a process. Tests stand the same house in another world.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.attempts import AttemptPolicy
from chalicelib.settings import Settings
from chalicelib.world import AwsWorld, World

if TYPE_CHECKING:
    from chalicelib.accounts.administration import Administration
    from chalicelib.accounts.creation import AccountCreation
    from chalicelib.accounts.own_account import OwnAccount
    from chalicelib.domain.ending import SessionEnder
    from chalicelib.oauth.access_tokens import AccessTokenIssuer
    from chalicelib.oauth.bearer import AccessTokenVerifier
    from chalicelib.oauth.key_rotation import KeyRotation
    from chalicelib.oauth.revocation import Revocation
    from chalicelib.oauth.token_endpoint import TokenEndpoint

__all__ = ["AwsWorld", "House", "World", "house", "standing_in"]


@dataclass(frozen=True)
class House:
    """The use cases, built for one world."""

    settings: Settings
    world: World

    @cached_property
    def token_endpoint(self) -> TokenEndpoint:
        """Return the token endpoint with its grants."""
        from chalicelib.oauth.grants.password import PasswordGrant, SessionPolicy
        from chalicelib.oauth.grants.refresh_token import RefreshTokenGrant
        from chalicelib.oauth.token_endpoint import TokenEndpoint

        world, settings = self.world, self.settings
        password = PasswordGrant(
            accounts=world.accounts,
            sessions=world.sessions,
            keys=world.keys,
            hasher=world.hasher,
            tokens=self._tokens,
            audit=world.audit,
            clock=world.clock,
            entropy=world.entropy,
            attempts=AttemptPolicy(settings.sign_in_free_failures, settings.sign_in_wait_seconds),
            policy=SessionPolicy(
                settings.refresh_idle_seconds, settings.refresh_absolute_seconds, settings.max_sessions
            ),
        )
        refresh = RefreshTokenGrant(
            sessions=world.sessions,
            end=self._end,
            keys=world.keys,
            tokens=self._tokens,
            audit=world.audit,
            clock=world.clock,
            entropy=world.entropy,
            idle_seconds=settings.refresh_idle_seconds,
            retry_window=settings.refresh_retry_seconds,
        )
        return TokenEndpoint({"password": password, "refresh_token": refresh}, self._clients)

    def verifier(self, issuer: str) -> AccessTokenVerifier:
        """Return the verifier of the tokens of one issuer."""
        from chalicelib.oauth.bearer import AccessTokenVerifier

        world = self.world
        return AccessTokenVerifier(
            world.codec, world.keys, world.sessions, world.clock, issuer, self.audience(issuer)
        )

    @cached_property
    def revocation(self) -> Revocation:
        """Return the revocation endpoint."""
        from chalicelib.oauth.revocation import Revocation

        return Revocation(self.world.sessions, self._end, self._clients)

    @cached_property
    def key_rotation(self) -> KeyRotation:
        """Return the rotation of the signing key."""
        from chalicelib.oauth.key_rotation import KeyRotation

        world, settings = self.world, self.settings
        token_life = settings.access_token_seconds + settings.key_cache_seconds
        return KeyRotation(world.key_versions, world.codec, world.clock, world.entropy, token_life)

    @cached_property
    def own_account(self) -> OwnAccount:
        """Return what a signed-in person can do."""
        from chalicelib.accounts.own_account import OwnAccount

        return OwnAccount(self.world.sessions, self._end, self.world.clock)

    @cached_property
    def administration(self) -> Administration:
        """Return what an operator can do."""
        from chalicelib.accounts.administration import Administration

        world = self.world
        return Administration(world.accounts, world.sessions, self._end, world.clock)

    @cached_property
    def create_account(self) -> AccountCreation:
        """Return account creation."""
        from chalicelib.accounts.creation import AccountCreation

        world, minimum = self.world, self.settings.password_min_length
        return AccountCreation(world.accounts, world.hasher, world.clock, world.entropy, minimum)

    def audience(self, issuer: str) -> str:
        """Return whom access tokens are for."""
        return self.settings.audience or issuer

    @cached_property
    def _end(self) -> SessionEnder:
        from chalicelib.domain.ending import SessionEnder

        return SessionEnder(self.world.sessions, self.world.audit, self.world.clock)

    @cached_property
    def _clients(self) -> frozenset[str]:
        from chalicelib.oauth.clients import BUILT_IN_CLIENT

        return self.settings.clients | {BUILT_IN_CLIENT}

    @cached_property
    def _tokens(self) -> AccessTokenIssuer:
        from chalicelib.oauth.access_tokens import AccessTokenIssuer

        return AccessTokenIssuer(self.world.codec, self.world.entropy, self.settings.access_token_seconds)


_standing: House | None = None


@cache
def _aws_house() -> House:
    settings = Settings.from_environment()
    return House(settings, AwsWorld(settings))


def house() -> House:
    """Return the house of this process, built at the first call."""
    return _standing or _aws_house()


@contextmanager
def standing_in(other: House) -> Iterator[House]:
    """Make `other` the house of this process for a while; for tests and the local stack."""
    global _standing  # noqa: PLW0603 - Lambda's handlers take no arguments of ours
    before, _standing = _standing, other
    try:
        yield other
    finally:
        _standing = before
