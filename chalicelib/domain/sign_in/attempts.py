"""A sign-in in progress: the attempt, its charge, and the candidate account."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.domain.sign_in.device_keys import DeviceKey, KnownDevice
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.sign_in.network import network_of

_NETWORK_DIGEST_BYTES = 8
_USER_ID_BYTES = 16


def placeholder_id(name: SignInName, key: NameKey) -> str:
    """Return an id that no account has, to be read if a name has no account: the calls are the same."""
    return key.digest("nobody", name.canonical)[:_USER_ID_BYTES].hex()


def failures_id(name: SignInName, key: NameKey) -> str:
    """Return the id under which the failures of a name are counted."""
    return key.digest("failures", name.canonical).hex()


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """One attempt, before the name is looked up.

    `placeholder_id` is a user id that no account has: it is read if the name has no account, so that every
    name leads to the same calls. `epoch` is that of the signing key; `at` is in Unix seconds.
    """

    name: SignInName
    failures_id: str
    network_id: str
    placeholder_id: str
    device_key: DeviceKey | None
    epoch: int
    at: int

    @classmethod
    def of(
        cls,
        name: SignInName,
        key: NameKey,
        *,
        address: str,
        device_key: DeviceKey | None,
        epoch: int,
        at: int,
    ) -> SignInAttempt:
        """Return an attempt, with digests of the name and of the network of `address` under the name key."""
        network = key.digest("network", name.canonical, network_of(address))
        return cls(
            name=name,
            failures_id=failures_id(name, key),
            network_id=network[:_NETWORK_DIGEST_BYTES].hex(),
            placeholder_id=placeholder_id(name, key),
            device_key=device_key,
            epoch=epoch,
            at=at,
        )


@dataclass(frozen=True, slots=True)
class NameCharge:
    """An attempt charged to a name, in the window that began at `began_at` (Unix seconds)."""

    failures_id: str
    network_id: str
    began_at: int


@dataclass(frozen=True, slots=True)
class DeviceCharge:
    """An attempt charged to a known device."""

    user_id: str
    digest: str


Charge = NameCharge | DeviceCharge


@dataclass(frozen=True, slots=True)
class SignInCandidate:
    """The account whose password is checked, with its hash, sessions and devices."""

    account: Account
    password_hash: PasswordHash | None
    sessions: tuple[Session, ...] = ()
    devices: tuple[KnownDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """A charged attempt: the candidate, or None if the name has no account, and the current epoch."""

    candidate: SignInCandidate | None
    charge: Charge
    epoch: int


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The result of opening a session. `device_is_known` states that the presented device is known."""

    evicted: tuple[EndedSession, ...]
    device_is_known: bool
