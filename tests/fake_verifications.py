"""Verifications, mail budgets and what codes change over dictionaries, by the same rules as the table."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.sign_in.device_keys import DeviceKey, KnownDevice
from chalicelib.domain.verification.mail_budget import MailBudget
from chalicelib.domain.verification.ports import AddressQuery, AddressView
from chalicelib.domain.verification.verification import MAX_TRIES, Purpose, Verification
from tests.fake_outage import remote
from tests.fake_sign_ins import FakeSignIns


class FakeVerifications(FakeSignIns):
    """Serves `Verifications` and `VerifiedChanges`."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: list[AccountChange] = []
        self.verifications: dict[str, Verification] = {}
        self.budgets: dict[str, MailBudget] = {}
        self.reserved: dict[SignInName, tuple[str, int]] = {}

    @remote
    def look_up(self, query: AddressQuery) -> AddressView:
        """Return what is known of an address."""
        self.round_trips += 1
        user_id, epoch = self.names.get(query.name), self.system_state.epoch
        budget = self.budgets.get(query.budget_id, MailBudget())
        device = self._device_of_account(query.device_key, user_id, epoch)
        return AddressView(budget, self.accounts.get(user_id or ""), device is not None, epoch)

    @remote
    def find_verification(self, digest: str) -> Verification | None:
        """Return a verification."""
        return self.verifications.get(digest)

    @remote
    def write(
        self, budget_id: str, budget: MailBudget, verification: Verification, before: Verification | None
    ) -> bool:
        """Write a budget and a verification, or neither."""
        is_next = budget.revision == self.budgets.get(budget_id, MailBudget()).revision + 1
        if not is_next or self.verifications.get(verification.digest) != before:
            return False
        self.budgets[budget_id] = budget
        self.verifications[verification.digest] = verification
        return True

    @remote
    def charge(self, digest: str, purpose: Purpose, now: int) -> Verification | None:
        """Count one try."""
        found = self.verifications.get(digest)
        if found is None or found.purpose is not purpose:
            return None
        if found.tries >= MAX_TRIES or found.expires_at <= now:
            return None
        self.verifications[digest] = charged = replace(found, tries=found.tries + 1)
        return charged

    @remote
    def refund(self, digest: str) -> None:
        """Take one try back."""
        found = self.verifications.get(digest)
        if found is not None and found.tries > 0:
            self.verifications[digest] = replace(found, tries=found.tries - 1)

    @remote
    def register(
        self,
        account: Account,
        password_hash: PasswordHash,
        device_key: DeviceKey,
        verification: Verification,
        change: AccountChange,
    ) -> bool:
        """Create an account with its first device."""
        names = account.sign_in_names
        is_taken = account.user_id in self.accounts or any(name in self.names for name in names)
        if is_taken or not self._is_unspent(verification):
            return False
        del self.verifications[verification.digest]
        self.accounts[account.user_id] = account
        self.hashes[account.user_id] = password_hash
        self.names.update(dict.fromkeys(names, account.user_id))
        self._add_device(device_key, verification.epoch, account.created_at)
        self._record(change)
        return True

    @remote
    def set_email(self, account: Account, verification: Verification, change: AccountChange) -> bool:
        """Move the address with its name."""
        stored, user_id = self.accounts.get(account.user_id), account.user_id
        before, after = SignInName.of(account.email), SignInName.of(verification.address)
        if stored is None or stored.disabled or stored.email != account.email:
            return False
        if stored.security_version != account.security_version or not self._is_unspent(verification):
            return False
        if before != after and after in self.names:
            return False
        del self.verifications[verification.digest], self.names[before]
        self.names[after] = user_id
        version = stored.security_version + 1
        self.accounts[user_id] = replace(stored, email=verification.address, security_version=version)
        self._record(change)
        return True

    def _is_available(self, name: SignInName, user_id: str, now: int) -> bool:
        owner, until = self.reserved.get(name, (user_id, 0))
        return name not in self.names and (owner == user_id or until <= now)

    def _is_unspent(self, verification: Verification) -> bool:
        found = self.verifications.get(verification.digest)
        return found is not None and found.code_mac == verification.code_mac

    def _add_device(self, key: DeviceKey, epoch: int, now: int) -> None:
        device = KnownDevice(key.user_id, key.digest(), epoch, now, now, last_attempt_at=now)
        self.devices[key.user_id, key.digest()] = device

    def _record(self, change: AccountChange) -> None:
        self.recorded.append(change)
