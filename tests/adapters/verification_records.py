"""Verifications as the use cases make them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail import CODE_SECONDS
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.verification.mail_budget import MailBudget
from chalicelib.domain.verification.ports import AddressQuery
from chalicelib.domain.verification.verification import Purpose, Verification, VerificationToken
from tests.adapters.conftest import Store
from tests.adapters.records import EMAIL, NAME, NAME_KEY, NOW, id_of

BUDGET = NAME_KEY.digest("mail budget", NAME.canonical).hex()
CODE = "12345678"


def token(label: str = "phone") -> VerificationToken:
    """Return a token told by its label."""
    return VerificationToken.of(hashlib.sha256(label.encode()).digest())


def verification(label: str = "phone", user: str = "ada", **changes: Any) -> Verification:
    """Return a verification of EMAIL for CODE, made at NOW."""
    made = Verification(
        digest=token(label).digest(),
        purpose=Purpose.SIGN_UP,
        address=EMAIL,
        user_id=id_of(user),
        security_version=1,
        epoch=0,
        code_mac=token(label).mac(CODE),
        created_at=NOW,
        expires_at=NOW + CODE_SECONDS,
    )
    return replace(made, **changes)


def query(name: SignInName = NAME, device: DeviceKey | None = None) -> AddressQuery:
    """Return a query of an address."""
    return AddressQuery(name, BUDGET, id_of("nobody"), device)


def written(store: Store, made: Verification, source: str = "a network") -> Verification:
    """Write a verification with the next budget of EMAIL."""
    budget, _ = store.verifications.look_up(query()).budget.charge(source, made.created_at)
    assert store.verifications.write(BUDGET, budget, made, None)
    return made


def first_budget() -> MailBudget:
    """Return the budget after a first mail."""
    return MailBudget().charge("a network", NOW)[0]
