"""Builds the adapters of accounts, as a base class of `aws_adapters.AwsAdapters`."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.table import Table
    from chalicelib.domain.accounts.own.export import PersonalData
    from chalicelib.domain.accounts.own.profiles import Profiles
    from chalicelib.domain.accounts.own_changes import OwnChanges
    from chalicelib.domain.accounts.password_rules import BreachedPasswords, CommonPasswords
    from chalicelib.domain.api_keys.ports import ApiKeyReader, ApiKeys
    from chalicelib.domain.ports import Accounts
    from chalicelib.domain.verification.ports import Verifications, VerifiedChanges
    from chalicelib.settings import Settings


class AccountAdapters(Protocol):
    """The ports of accounts."""

    @property
    def accounts(self) -> Accounts: ...  # noqa: D102
    @property
    def api_key_reader(self) -> ApiKeyReader: ...  # noqa: D102
    @property
    def api_keys(self) -> ApiKeys: ...  # noqa: D102
    @property
    def verifications(self) -> Verifications: ...  # noqa: D102
    @property
    def own_changes(self) -> OwnChanges: ...  # noqa: D102
    @property
    def personal_data(self) -> PersonalData: ...  # noqa: D102
    @property
    def profiles(self) -> Profiles: ...  # noqa: D102
    @property
    def verified_changes(self) -> VerifiedChanges: ...  # noqa: D102
    @property
    def common_passwords(self) -> CommonPasswords: ...  # noqa: D102
    @property
    def breached_passwords(self) -> BreachedPasswords: ...  # noqa: D102


class AwsAccountAdapters:
    """DynamoDB and the password lists, for the ports of accounts."""

    settings: Settings

    @property
    @abstractmethod
    def _table(self) -> Table:
        """Return the table that all DynamoDB adapters share."""

    @cached_property
    def accounts(self) -> Accounts:
        """Return the accounts in DynamoDB."""
        from chalicelib.adapters.dynamodb.accounts import DynamoDBAccounts

        return DynamoDBAccounts(self._table)

    @cached_property
    def api_key_reader(self) -> ApiKeyReader:
        """Return the read of one API key in DynamoDB, for the authorizer, whose role writes nothing."""
        from chalicelib.adapters.dynamodb.api_keys.reader import DynamoDBApiKeyReader

        return DynamoDBApiKeyReader(self._table)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Return the API keys in DynamoDB."""
        from chalicelib.adapters.dynamodb.api_keys.api_keys import DynamoDBApiKeys

        return DynamoDBApiKeys(self._table)

    @cached_property
    def verifications(self) -> Verifications:
        """Return the verifications in DynamoDB."""
        from chalicelib.adapters.dynamodb.verification.verifications import DynamoDBVerifications

        return DynamoDBVerifications(self._table)

    @cached_property
    def own_changes(self) -> OwnChanges:
        """Return the changes of the user's own account in DynamoDB."""
        from chalicelib.adapters.dynamodb.own_account.changes import DynamoDBOwnChanges

        return DynamoDBOwnChanges(self._table, ended_days=self.settings.ended_session_days)

    @cached_property
    def personal_data(self) -> PersonalData:
        """Return the personal data in DynamoDB, for the export."""
        from chalicelib.adapters.dynamodb.own_account.export import DynamoDBPersonalData

        return DynamoDBPersonalData(self._table)

    @cached_property
    def profiles(self) -> Profiles:
        """Return the profiles in DynamoDB."""
        from chalicelib.adapters.dynamodb.own_account.profiles import DynamoDBProfiles

        return DynamoDBProfiles(self._table)

    @cached_property
    def verified_changes(self) -> VerifiedChanges:
        """Return the changes that a mailed code confirms, in DynamoDB."""
        from chalicelib.adapters.dynamodb.verification.changes import DynamoDBVerifiedChanges

        return DynamoDBVerifiedChanges(self._table)

    @cached_property
    def common_passwords(self) -> CommonPasswords:
        """Return the list of common passwords in the package."""
        from chalicelib.adapters.common_passwords import CommonPasswordFile

        return CommonPasswordFile()

    @cached_property
    def breached_passwords(self) -> BreachedPasswords:
        """Return the service at `BREACHED_PASSWORDS_URL`, or an empty collection if that is not set."""
        from chalicelib.adapters.breached_passwords import BreachedPasswordRange
        from chalicelib.domain.accounts.password_rules import NoBreachedPasswords

        url = self.settings.breached_passwords_url
        return BreachedPasswordRange(url) if url else NoBreachedPasswords()
