"""A sign-in on its way: the attempt, what it was charged to, and whom it found."""

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


def failures_id(name: SignInName, key: NameKey) -> str:
    """Return the id under which the failures of a name are counted."""
    return key.digest("failures", name.canonical).hex()


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """One attempt, before anything is known about it.

    `stand_in` is a user id that nobody has: a name that finds nobody is looked up under it, so that the same
    calls are made for every name. `epoch` is that of the signing key, `at` the Unix
    time.
    """

    name: SignInName
    failures_id: str
    network_id: str
    stand_in: str
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
        """Digest what was typed, and the network of `address`, under the name key."""
        network = key.digest("network", name.canonical, network_of(address))
        return cls(
            name=name,
            failures_id=failures_id(name, key),
            network_id=network[:_NETWORK_DIGEST_BYTES].hex(),
            stand_in=key.digest("nobody", name.canonical)[:_USER_ID_BYTES].hex(),
            device_key=device_key,
            epoch=epoch,
            at=at,
        )


@dataclass(frozen=True, slots=True)
class NameCharge:
    """An attempt counted on a name, in the window that began at `began_at`."""

    failures_id: str
    network_id: str
    began_at: int


@dataclass(frozen=True, slots=True)
class DeviceCharge:
    """An attempt counted on a known device."""

    user_id: str
    digest: str


Charge = NameCharge | DeviceCharge


@dataclass(frozen=True, slots=True)
class SignInCandidate:
    """Whose password is to be checked: the account, its hash, its sessions and devices as just read."""

    account: Account
    password_hash: PasswordHash | None
    sessions: tuple[Session, ...] = ()
    devices: tuple[KnownDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """An attempt that was charged: whom its name finds, if anybody, and the epoch of today."""

    candidate: SignInCandidate | None
    charge: Charge
    epoch: int


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """What opening a session did. `device_is_known` tells that the device presented is still known."""

    evicted: tuple[EndedSession, ...]
    device_is_known: bool
