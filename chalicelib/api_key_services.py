"""Builds the use cases of API keys, as a base class of `services.Services`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.account_services import AccountServices

if TYPE_CHECKING:
    from chalicelib.accounts.api_keys.administration import ApiKeyAdministration
    from chalicelib.accounts.api_keys.own import OwnApiKeys
    from chalicelib.accounts.api_keys.service_accounts import ServiceAccountCreation
    from chalicelib.aws_adapters import Adapters
    from chalicelib.domain.api_keys.factory import ApiKeyFactory
    from chalicelib.oauth.api_keys.basic import ApiKeyVerifier
    from chalicelib.oauth.api_keys.clients import ApiKeyClients
    from chalicelib.oauth.introspection import Introspection
    from chalicelib.settings import Settings


class ApiKeyServices(AccountServices):
    """The use cases of API keys. Each is built at its first use."""

    settings: Settings
    adapters: Adapters

    def api_key_verifier(self, asked: str) -> ApiKeyVerifier:
        """Return the verifier of API keys; `asked` is as in `services.Services.verifier`."""
        from chalicelib.oauth.api_keys.basic import ApiKeyVerifier

        adapters, settings = self.adapters, self.settings
        return ApiKeyVerifier(
            adapters.api_key_reader,
            adapters.keys,
            adapters.clock,
            settings.issuer,
            settings.audience,
            asked,
        )

    @cached_property
    def own_api_keys(self) -> OwnApiKeys:
        """Return the use cases of the user's own API keys."""
        from chalicelib.accounts.api_keys.own import OwnApiKeys

        adapters = self.adapters
        return OwnApiKeys(
            own_account=self.own_account,
            current_password=self._current_password,
            own_changes=adapters.own_changes,
            api_keys=adapters.api_keys,
            keys=adapters.keys,
            new_key=self._new_api_key,
            notify=self._notices,
            audit=adapters.audit,
        )

    @cached_property
    def api_key_administration(self) -> ApiKeyAdministration:
        """Return the administration of API keys."""
        from chalicelib.accounts.api_keys.administration import ApiKeyAdministration

        adapters = self.adapters
        return ApiKeyAdministration(
            administration=self.administration,
            api_keys=adapters.api_keys,
            new_key=self._new_api_key,
            notify=self._notices,
            audit=adapters.audit,
        )

    @cached_property
    def create_service_account(self) -> ServiceAccountCreation:
        """Return the creation of service accounts."""
        from chalicelib.accounts.api_keys.service_accounts import ServiceAccountCreation

        adapters = self.adapters
        return ServiceAccountCreation(
            adapters.accounts, adapters.clock, adapters.entropy, self._change, adapters.audit
        )

    @cached_property
    def introspection(self) -> Introspection:
        """Return the introspection endpoint."""
        from chalicelib.oauth.introspection import Introspection

        return Introspection(self.api_key_clients)

    @cached_property
    def api_key_clients(self) -> ApiKeyClients:
        """Return the authentication of clients with an API key."""
        from chalicelib.oauth.api_keys.clients import ApiKeyClients

        return ApiKeyClients(self.api_key_verifier)

    def audience(self, issuer: str) -> str:
        """Return the `aud` claim of access tokens."""
        return self.settings.audience or issuer

    @cached_property
    def _new_api_key(self) -> ApiKeyFactory:
        from chalicelib.domain.api_keys.factory import ApiKeyFactory

        adapters = self.adapters
        return ApiKeyFactory(adapters.clock, adapters.entropy, self._change, self.settings.max_api_keys)
