"""Requests for a code: one code path for every address, with or without an account."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import CODE_SECONDS, MailKind, MailQueue, MailRequest
from chalicelib.domain.ports import Clock, Entropy, Keys
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import ID_BYTES
from chalicelib.domain.sign_in.attempts import placeholder_id
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.sign_in.network import network_of
from chalicelib.domain.verification.mail_budget import DEVICE_SOURCE
from chalicelib.domain.verification.ports import AddressQuery, AddressView, Verifications
from chalicelib.domain.verification.verification import (
    CODE_ENTROPY_BYTES,
    TOKEN_BYTES,
    Purpose,
    Verification,
    VerificationToken,
    new_code,
)

_TURNS = 40
"""Attempts to write while parallel requests for the address interfere: one of them succeeds at a time."""
_NETWORK_DIGEST_BYTES = 8
_MAC_BYTES = 32
_MESSAGE_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Requester:
    """The client of a request: its network address, the presented device key if any, and its languages."""

    network_address: str
    device_key: DeviceKey | None = None
    languages: str = ""


@dataclass(frozen=True, slots=True)
class VerificationRequests:
    """Makes verifications and has their codes mailed.

    Each request reads the state of its address, writes its budget with the verification, and queues one
    message, whether the address is new, taken, refused or over its limit. A code that must not be mailed is
    never accepted, and is queued as expired, so that the mail function drops it.
    """

    verifications: Verifications
    queue: MailQueue
    keys: Keys
    clock: Clock
    entropy: Entropy

    def create(
        self,
        purpose: Purpose,
        address: str,
        requester: Requester,
        *,
        bound_to: Account | None = None,
        is_refused: bool = False,
    ) -> VerificationToken:
        """Make a verification of `address`, as `email_address` returns it, and return its token.

        A password reset is bound to the account of the address, a change of address to `bound_to`. A refused
        verification accepts no code. Raises Unavailable.
        """
        token = VerificationToken.of(self.entropy(TOKEN_BYTES))
        code = new_code(self.entropy(CODE_ENTROPY_BYTES))
        name_key, key_epoch, new_id = *self._key(), self.entropy(ID_BYTES).hex()
        query = self._query(address, requester, name_key)
        for _ in range(_TURNS):
            view, now = self.verifications.look_up(query), self.clock()
            budget, is_allowed = view.budget.charge(_source(address, requester, view, name_key), now)
            is_mailed = is_allowed and not is_refused
            account = view.account if purpose is Purpose.PASSWORD_RESET else bound_to
            placeholder_id = query.placeholder_id if purpose is Purpose.PASSWORD_RESET else new_id
            verification = Verification(
                digest=token.digest(),
                purpose=purpose,
                address=address,
                user_id=account.user_id if account else placeholder_id,
                security_version=account.security_version if account else 0,
                epoch=max(view.epoch, key_epoch),
                code_mac=token.mac(code.reveal()) if is_mailed else self.entropy(_MAC_BYTES),
                created_at=now,
                expires_at=now + CODE_SECONDS,
            )
            if self.verifications.write(query.budget_id, budget, verification, None):
                self._enqueue(verification, code, requester, now, is_mailed=is_mailed)
                return token
        raise Unavailable("too many mails to one address at once")

    def renew(self, token: VerificationToken, requester: Requester) -> None:
        """Replace the code of a verification and mail the new one. Over the limit, the old code stays.

        Raises InvalidCode if the verification is unknown, used up or expired, and Unavailable.
        """
        code = new_code(self.entropy(CODE_ENTROPY_BYTES))
        name_key, _ = self._key()
        for _ in range(_TURNS):
            before, now = self.verifications.find_verification(token.digest()), self.clock()
            if before is None or not before.may_be_renewed(now):
                raise InvalidCode("no verification to renew")
            query = self._query(before.address, requester, name_key)
            view = self.verifications.look_up(query)
            budget, is_mailed = view.budget.charge(_source(before.address, requester, view, name_key), now)
            after = before.renewed(token.mac(code.reveal()), now) if is_mailed else before
            if self.verifications.write(query.budget_id, budget, after, before):
                self._enqueue(after, code, requester, now, is_mailed=is_mailed)
                return
        raise Unavailable("too many mails to one address at once")

    def purpose(self, token: VerificationToken) -> Purpose | None:
        """Return what a verification is for, or None where it is unknown. Raises Unavailable."""
        found = self.verifications.find_verification(token.digest())
        return None if found is None else found.purpose

    def _key(self) -> tuple[NameKey, int]:
        keys = self.keys.current()
        return keys.name_key, keys.current.epoch

    @staticmethod
    def _query(address: str, requester: Requester, name_key: NameKey) -> AddressQuery:
        name = SignInName.of(address)
        return AddressQuery(
            name=name,
            budget_id=name_key.digest("mail budget", name.canonical).hex(),
            placeholder_id=placeholder_id(name, name_key),
            device_key=requester.device_key,
        )

    def _enqueue(
        self,
        verification: Verification,
        code: Secret[str],
        requester: Requester,
        now: int,
        *,
        is_mailed: bool,
    ) -> None:
        self.queue.enqueue(
            MailRequest(
                message_id=self.entropy(_MESSAGE_ID_BYTES).hex(),
                kind=MailKind(verification.purpose.value),
                address=verification.address,
                user_id=verification.user_id,
                code=code,
                language=requester.languages,
                verification_id=verification.digest,
                created_at=now if is_mailed else now - CODE_SECONDS,
            )
        )


def _source(address: str, requester: Requester, view: AddressView, key: NameKey) -> str:
    """Return the source that a mail is counted for: a device of the account, or the client's network."""
    if view.is_known_device:
        return DEVICE_SOURCE
    network = network_of(requester.network_address)
    digest = key.digest("mail network", SignInName.of(address).canonical, network)
    return digest[:_NETWORK_DIGEST_BYTES].hex()
