"""Accounts and sessions as a store is given them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import RefreshSecret, start
from chalicelib.domain.sessions.session import Device, Session
from chalicelib.domain.sign_in.attempts import SignInAttempt
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.sign_in.limits import SignInLimits
from chalicelib.domain.sign_in.name_key import NameKey
from chalicelib.domain.tokens.scopes import Scope

NOW = 1_700_000_000
DAY = 86_400
LIMITS = SignInLimits(network_failures=3, name_failures=5, device_wait_seconds=60)
EMAIL = "Ada@example.com"
NAME = SignInName.of(EMAIL)
HASH = PasswordHash("$2b$04$" + "x" * 53)
NAME_KEY = NameKey(b"key of sign-in names for the tests")


def id_of(label: str) -> str:
    """Return an id as the services makes them, told by its label."""
    return hashlib.sha256(label.encode()).hexdigest()[:32]


def account(label: str = "ada", **changes: Any) -> Account:
    """Return an account; without `changes` its address is EMAIL."""
    made = Account(
        user_id=id_of(label),
        email=EMAIL if label == "ada" else f"{label}@example.com",
        username=None,
        permissions=Scope.of(["users:read"]),
        created_at=NOW,
    )
    return replace(made, **changes)


def device_key(label: str = "phone", user: str = "ada") -> DeviceKey:
    """Return a device key as a sign-in makes it, told by its label."""
    return DeviceKey(id_of(user), Secret(hashlib.sha256(b"device " + label.encode()).digest()))


def attempt(
    name: SignInName = NAME,
    at: int = NOW,
    address: str = "192.0.2.1",
    device: DeviceKey | None = None,
    epoch: int = 0,
) -> SignInAttempt:
    """Return an attempt to sign in."""
    return SignInAttempt.of(name, NAME_KEY, address=address, device_key=device, epoch=epoch, at=at)


def session(label: str = "phone", user: str = "ada", at: int = NOW, **changes: Any) -> Session:
    """Return a session as a sign-in makes it at the time `at`."""
    secret = RefreshSecret(hashlib.sha256(label.encode()).digest())
    made = Session(
        session_id=id_of(label),
        user_id=id_of(user),
        client_id="mobile-app",
        granted=None,
        epoch=0,
        created_at=at,
        last_used_at=at,
        idle_expires_at=at + 30 * DAY,
        expires_at=at + 90 * DAY,
        family=start(secret, Secret(hashlib.sha256(b"tag " + label.encode()).digest())),
        device=Device("a browser", "192.0.2.1", "CH"),
    )
    return replace(made, **changes)


def rotated(before: Session, mark: str = "", at: int = NOW + 5) -> Session:
    """Return the next generation of a session; `mark` tells apart what two requests make of it."""
    family = before.family
    successor = hashlib.sha256(f"{mark} {family.generation}".encode() + family.current).digest()
    nonce = hashlib.sha256(mark.encode()).digest()
    after = replace(
        family,
        generation=family.generation + 1,
        current=successor,
        previous=family.current,
        nonce=nonce,
        rotated_at=at,
        idempotency=hashlib.sha256(b"key").digest(),
    )
    return replace(before, family=after, last_used_at=at, idle_expires_at=at + 30 * DAY)
