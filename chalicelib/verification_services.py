"""Builds the use cases that mail a code, as a base class of `AccountServices`."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.accounts.notices import Notices
    from chalicelib.accounts.own.current_password import CurrentPassword
    from chalicelib.accounts.own_account import OwnAccount
    from chalicelib.accounts.verification.codes import CodeCheck
    from chalicelib.accounts.verification.email_change import EmailChange
    from chalicelib.accounts.verification.password_reset import PasswordReset
    from chalicelib.accounts.verification.registration import Registration
    from chalicelib.accounts.verification.requests import VerificationRequests
    from chalicelib.aws_adapters import Adapters
    from chalicelib.domain.accounts.changes import ChangeFactory
    from chalicelib.domain.accounts.password_rules import PasswordRules
    from chalicelib.settings import Settings


class VerificationServices:
    """Sign-up, password reset and change of address. Each use case is built at its first use."""

    settings: Settings
    adapters: Adapters

    @property
    @abstractmethod
    def own_account(self) -> OwnAccount:
        """Return the use cases of a signed-in user."""

    @property
    @abstractmethod
    def password_rules(self) -> PasswordRules:
        """Return the rules for a new password."""

    @property
    @abstractmethod
    def _current_password(self) -> CurrentPassword:
        """Return the check of the current password."""

    @property
    @abstractmethod
    def _notices(self) -> Notices:
        """Return the notices of changes."""

    @property
    @abstractmethod
    def _change(self) -> ChangeFactory:
        """Return the factory of audit entries."""

    @cached_property
    def registration(self) -> Registration:
        """Return sign-up."""
        from chalicelib.accounts.verification.registration import Registration, SignUpPolicy

        adapters, settings = self.adapters, self.settings
        domains = (one.strip().lower() for one in settings.sign_up_domains.split(","))
        return Registration(
            requests=self._verification_requests,
            codes=self._codes,
            changes=adapters.verified_changes,
            rules=self.password_rules,
            hasher=adapters.hasher,
            change=self._change,
            audit=adapters.audit,
            clock=adapters.clock,
            entropy=adapters.entropy,
            policy=SignUpPolicy(settings.sign_up == "open", frozenset(filter(None, domains))),
        )

    @cached_property
    def password_reset(self) -> PasswordReset:
        """Return password reset."""
        from chalicelib.accounts.verification.password_reset import PasswordReset

        adapters = self.adapters
        return PasswordReset(
            requests=self._verification_requests,
            codes=self._codes,
            own_changes=adapters.own_changes,
            rules=self.password_rules,
            hasher=adapters.hasher,
            change=self._change,
            notify=self._notices,
            audit=adapters.audit,
            clock=adapters.clock,
            entropy=adapters.entropy,
        )

    @cached_property
    def email_change(self) -> EmailChange:
        """Return the change of the address."""
        from chalicelib.accounts.verification.email_change import EmailChange

        return EmailChange(
            own_account=self.own_account,
            current_password=self._current_password,
            requests=self._verification_requests,
            codes=self._codes,
            changes=self.adapters.verified_changes,
            change=self._change,
            notify=self._notices,
            audit=self.adapters.audit,
        )

    @cached_property
    def _verification_requests(self) -> VerificationRequests:
        from chalicelib.accounts.verification.requests import VerificationRequests

        adapters = self.adapters
        return VerificationRequests(
            adapters.verifications, adapters.mail_queue, adapters.keys, adapters.clock, adapters.entropy
        )

    @cached_property
    def _codes(self) -> CodeCheck:
        from chalicelib.accounts.verification.codes import CodeCheck

        adapters = self.adapters
        return CodeCheck(adapters.verifications, adapters.system, adapters.keys, adapters.clock)
