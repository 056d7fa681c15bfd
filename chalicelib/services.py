"""Builds the services from settings and adapters, once per process.

Each use case is built at its first use. Tests build the same services with fakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from chalicelib.api_key_services import ApiKeyServices
from chalicelib.aws_adapters import Adapters, AwsAdapters, monotonic
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.accounts.mailing import Mailing
    from chalicelib.oauth.access_tokens import AccessTokenIssuer, TokenResponse
    from chalicelib.oauth.api_keys.clients import ApiKeyClient
    from chalicelib.oauth.bearer import AccessTokenVerifier
    from chalicelib.oauth.clients import PresentedClient
    from chalicelib.oauth.grants.client_credentials import ClientCredentialsGrant
    from chalicelib.oauth.key_rotation import KeyRotation
    from chalicelib.oauth.metadata import Metadata, PublishedKeys
    from chalicelib.oauth.requests import TokenRequest
    from chalicelib.oauth.revocation import Revocation
    from chalicelib.oauth.token_endpoint import TokenEndpoint

__all__ = ["Adapters", "AwsAdapters", "Services", "get_services", "monotonic", "override_services"]


@dataclass(frozen=True)
class Services(ApiKeyServices):
    """The use cases of one deployment."""

    settings: Settings
    adapters: Adapters

    @cached_property
    def token_endpoint(self) -> TokenEndpoint:
        """Return the token endpoint with its grants."""
        from chalicelib.domain.sign_in.limits import SignInLimits
        from chalicelib.oauth.grants.password import PasswordGrant, SessionPolicy
        from chalicelib.oauth.grants.refresh_token import RefreshTokenGrant
        from chalicelib.oauth.token_endpoint import TokenEndpoint

        adapters, settings = self.adapters, self.settings
        password = PasswordGrant(
            sign_ins=adapters.sign_ins,
            keys=adapters.keys,
            hasher=adapters.hasher,
            tokens=self._tokens,
            audit=adapters.audit,
            clock=adapters.clock,
            entropy=adapters.entropy,
            limits=SignInLimits(
                network_failures=settings.sign_in_network_failures,
                name_failures=settings.sign_in_free_failures,
                device_wait_seconds=settings.sign_in_wait_seconds,
            ),
            policy=SessionPolicy(
                settings.refresh_idle_seconds, settings.refresh_absolute_seconds, settings.max_sessions
            ),
        )
        refresh = RefreshTokenGrant(
            sessions=adapters.sessions,
            terminate=self._terminator,
            keys=adapters.keys,
            tokens=self._tokens,
            audit=adapters.audit,
            clock=adapters.clock,
            entropy=adapters.entropy,
            idle_seconds=settings.refresh_idle_seconds,
            retry_window=settings.refresh_retry_seconds,
        )
        return TokenEndpoint(
            {"password": password, "refresh_token": refresh},
            self._clients,
            self._authenticate_key,
            self._answer_key,
        )

    def verifier(self, asked: str) -> AccessTokenVerifier:
        """Return the verifier of access tokens; `asked` is the URL of the API that calls the authorizer.

        It is the expected issuer if neither a setting nor the table has one.
        """
        from chalicelib.oauth.bearer import AccessTokenVerifier

        adapters = self.adapters
        return AccessTokenVerifier(
            codec=adapters.codec,
            keys=adapters.keys,
            sessions=adapters.sessions,
            clock=adapters.clock,
            issuer=self.settings.issuer,
            audience=self.settings.audience,
            asked=asked,
            key_cache_seconds=self.settings.key_cache_seconds,
            api_keys=lambda: self.api_key_verifier(asked),
        )

    @cached_property
    def revocation(self) -> Revocation:
        """Return the revocation endpoint."""
        from chalicelib.oauth.revocation import Revocation

        return Revocation(
            self.adapters.sessions,
            self._terminator,
            self._clients,
            self._authenticate_key,
        )

    @cached_property
    def key_rotation(self) -> KeyRotation:
        """Return the rotation of the signing key."""
        from chalicelib.oauth.key_rotation import KeyRotation
        from chalicelib.oauth.key_succession import KeySuccession

        adapters, settings = self.adapters, self.settings
        succession = KeySuccession(
            generate=adapters.key_generator,
            entropy=adapters.entropy,
            algorithm=settings.signing_algorithm,
            token_life=settings.access_token_seconds + settings.key_cache_seconds,
            key_cache_seconds=settings.key_cache_seconds,
        )
        return KeyRotation(
            versions=adapters.key_versions,
            system=adapters.system,
            codec=adapters.codec,
            clock=adapters.clock,
            entropy=adapters.entropy,
            sleep=adapters.sleep,
            succession=succession,
        )

    @cached_property
    def metadata(self) -> Metadata:
        """Return the metadata of the authorization server."""
        from chalicelib.oauth.metadata import CLIENT_CREDENTIALS, Metadata

        return Metadata((*self.token_endpoint.grants, CLIENT_CREDENTIALS))

    @cached_property
    def published_keys(self) -> PublishedKeys:
        """Return the public keys."""
        from chalicelib.oauth.metadata import PublishedKeys

        return PublishedKeys(self.adapters.keys, self.adapters.clock)

    @cached_property
    def mailing(self) -> Mailing:
        """Return the delivery of queued mails."""
        from chalicelib.accounts.mailing import Mailing

        adapters = self.adapters
        return Mailing(
            adapters.accounts,
            adapters.outbox,
            adapters.undeliverable_addresses,
            adapters.mail_texts,
            adapters.mail_sender,
            adapters.clock,
            self.settings.service_name,
        )

    @cached_property
    def _clients(self) -> frozenset[str]:
        from chalicelib.oauth.clients import BUILT_IN_CLIENT

        return self.settings.clients | {BUILT_IN_CLIENT}

    # Not the objects themselves, which are built at their first use: no request of an app needs them.
    def _authenticate_key(self, client: PresentedClient, issuer: str) -> ApiKeyClient:
        return self.api_key_clients(client, issuer)

    def _answer_key(self, request: TokenRequest, client: ApiKeyClient) -> TokenResponse:
        return self._client_credentials(request, client)

    @cached_property
    def _client_credentials(self) -> ClientCredentialsGrant:
        from chalicelib.oauth.grants.client_credentials import ClientCredentialsGrant

        return ClientCredentialsGrant(self.adapters.keys, self._tokens, self.adapters.clock)

    @cached_property
    def _tokens(self) -> AccessTokenIssuer:
        from chalicelib.oauth.access_tokens import AccessTokenIssuer

        return AccessTokenIssuer(
            self.adapters.codec, self.adapters.entropy, self.settings.access_token_seconds
        )


_active: Services | None = None


@cache
def _aws_services() -> Services:
    settings = Settings.from_environment()
    return Services(settings, AwsAdapters.of_function(settings))


def get_services() -> Services:
    """Return the services of this process, built at the first call."""
    return _active or _aws_services()


@contextmanager
def override_services(other: Services) -> Iterator[Services]:
    """Replace the services of this process inside the `with` block; for tests and the local stack."""
    global _active  # noqa: PLW0603 - Lambda fixes the arguments of its handlers
    before, _active = _active, other
    try:
        yield other
    finally:
        _active = before
