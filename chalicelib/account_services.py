"""Builds the use cases of accounts, as a base class of `services.Services`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.verification_services import VerificationServices

if TYPE_CHECKING:
    from chalicelib.accounts.administration import Administration
    from chalicelib.accounts.administrators.authority import LiveAuthority
    from chalicelib.accounts.administrators.user_administration import UserAdministration
    from chalicelib.accounts.api_keys.owner import ApiKeyOwners
    from chalicelib.accounts.creation import AccountCreation
    from chalicelib.accounts.notices import Notices
    from chalicelib.accounts.own.current_password import CurrentPassword
    from chalicelib.accounts.own.deletion import AccountDeletion
    from chalicelib.accounts.own.export import OwnExport
    from chalicelib.accounts.own.password_change import PasswordChange
    from chalicelib.accounts.own.profile import OwnProfile
    from chalicelib.accounts.own.username_change import UsernameChange
    from chalicelib.accounts.own_account import OwnAccount
    from chalicelib.accounts.removal import AccountRemoval
    from chalicelib.accounts.unlocking import Unlocking
    from chalicelib.aws_adapters import Adapters
    from chalicelib.domain.accounts.changes import ChangeFactory
    from chalicelib.domain.accounts.password_rules import PasswordRules
    from chalicelib.domain.sessions.termination import SessionTerminator
    from chalicelib.settings import Settings


class AccountServices(VerificationServices):
    """The use cases of accounts, except those that mail a code. Each is built at its first use."""

    settings: Settings
    adapters: Adapters

    @cached_property
    def change_password(self) -> PasswordChange:
        """Return the change of the user's own password."""
        from chalicelib.accounts.own.password_change import PasswordChange

        adapters = self.adapters
        return PasswordChange(
            current_password=self._current_password,
            own_changes=adapters.own_changes,
            rules=self.password_rules,
            hasher=adapters.hasher,
            change=self._change,
            notify=self._notices,
            audit=adapters.audit,
            clock=adapters.clock,
        )

    @cached_property
    def change_username(self) -> UsernameChange:
        """Return the change of the user name."""
        from chalicelib.accounts.own.username_change import UsernameChange

        adapters = self.adapters
        return UsernameChange(
            self.own_account,
            adapters.own_changes,
            self._change,
            self._notices,
            adapters.audit,
            adapters.clock,
        )

    @cached_property
    def own_profile(self) -> OwnProfile:
        """Return the use case that reads and replaces the user's own profile."""
        from chalicelib.accounts.own.profile import OwnProfile

        return OwnProfile(self.own_account, self.adapters.profiles, self.adapters.clock)

    @cached_property
    def own_export(self) -> OwnExport:
        """Return the export of the data stored about the user."""
        from chalicelib.accounts.own.export import OwnExport

        adapters = self.adapters
        return OwnExport(self.own_account, adapters.personal_data, adapters.keys)

    @cached_property
    def delete_account(self) -> AccountDeletion:
        """Return the deletion of the user's own account."""
        from chalicelib.accounts.own.deletion import AccountDeletion

        return AccountDeletion(self._current_password, self._removal, self._notices)

    @cached_property
    def _removal(self) -> AccountRemoval:
        from chalicelib.accounts.removal import AccountRemoval

        adapters = self.adapters
        return AccountRemoval(adapters.own_changes, self._change, adapters.audit, adapters.clock)

    @cached_property
    def _current_password(self) -> CurrentPassword:
        from chalicelib.accounts.own.current_password import CurrentPassword

        adapters = self.adapters
        return CurrentPassword(
            self.own_account,
            adapters.own_changes,
            adapters.hasher,
            adapters.audit,
            adapters.clock,
            self.settings.sign_in_wait_seconds,
        )

    @cached_property
    def _notices(self) -> Notices:
        from chalicelib.accounts.notices import Notices

        adapters = self.adapters
        return Notices(adapters.mail_queue, adapters.clock, adapters.entropy)

    @cached_property
    def own_account(self) -> OwnAccount:
        """Return the use cases of a signed-in user."""
        from chalicelib.accounts.own_account import OwnAccount

        adapters = self.adapters
        return OwnAccount(adapters.sessions, self._terminator, adapters.keys, adapters.clock)

    @cached_property
    def administration(self) -> Administration:
        """Return the use cases of an operator."""
        from chalicelib.accounts.administration import Administration

        adapters = self.adapters
        return Administration(
            accounts=adapters.accounts,
            sessions=adapters.sessions,
            api_keys=adapters.api_keys,
            system=adapters.system,
            keys=adapters.keys,
            terminate=self._terminator,
            remove=self._removal,
            clock=adapters.clock,
            change=self._change,
            audit=adapters.audit,
        )

    @cached_property
    def authority(self) -> LiveAuthority:
        """Return the reader of a caller's current permissions."""
        from chalicelib.accounts.administrators.authority import LiveAuthority

        return LiveAuthority(self.own_account, self.api_key_owners)

    @cached_property
    def api_key_owners(self) -> ApiKeyOwners:
        """Return the accounts to which API keys belong."""
        from chalicelib.accounts.api_keys.owner import ApiKeyOwners

        adapters = self.adapters
        return ApiKeyOwners(adapters.api_keys, adapters.keys, adapters.clock)

    @cached_property
    def user_administration(self) -> UserAdministration:
        """Return the use cases of an administrator."""
        from chalicelib.accounts.administrators.user_administration import UserAdministration

        return UserAdministration(self.administration, self.create_account, self._notices)

    @cached_property
    def create_account(self) -> AccountCreation:
        """Return account creation."""
        from chalicelib.accounts.creation import AccountCreation

        adapters = self.adapters
        return AccountCreation(
            adapters.accounts,
            adapters.hasher,
            adapters.clock,
            adapters.entropy,
            self.password_rules,
            self._change,
            adapters.audit,
        )

    @cached_property
    def unlock(self) -> Unlocking:
        """Return the unlocking of sign-in names."""
        from chalicelib.accounts.unlocking import Unlocking

        adapters = self.adapters
        return Unlocking(adapters.accounts, adapters.sign_ins, adapters.keys, adapters.audit, self._change)

    @cached_property
    def password_rules(self) -> PasswordRules:
        """Return the rules for a new password."""
        from chalicelib.domain.accounts.password_rules import PasswordRules

        adapters, minimum = self.adapters, self.settings.password_min_length
        return PasswordRules(
            minimum, adapters.common_passwords, adapters.breached_passwords, self.settings.service_name
        )

    @cached_property
    def _terminator(self) -> SessionTerminator:
        from chalicelib.domain.sessions.termination import SessionTerminator

        return SessionTerminator(self.adapters.sessions, self.adapters.audit, self.adapters.clock)

    @cached_property
    def _change(self) -> ChangeFactory:
        from chalicelib.domain.accounts.changes import ChangeFactory

        return ChangeFactory(self.adapters.clock, self.adapters.entropy)
