"""What a sign-in costs beyond the password hash that it is meant to cost."""

from __future__ import annotations

import bcrypt
import pytest

from chalicelib.adapters.bcrypt_hasher import DEFAULT_COST, BcryptHasher
from chalicelib.domain.accounts.passwords import Password
from chalicelib.oauth.requests import TokenRequest
from tests.bench.measure import median_of
from tests.fakes import FakeAdapters, fake_services

PASSWORD = "correct horse battery staple"
EMAIL = "user@example.com"


def test_a_sign_in_is_one_bcrypt_and_little_else(capsys: pytest.CaptureFixture[str]) -> None:
    adapters = FakeAdapters()
    adapters.hasher = BcryptHasher(DEFAULT_COST)  # type: ignore[assignment]
    services = fake_services(adapters)
    account = services.create_account(email=EMAIL, password=Password(PASSWORD))
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    request = TokenRequest(
        parameters=form, issuer="https://issuer.example", audience="https://issuer.example"
    )
    stored = adapters.store.hashes[account.user_id].reveal().encode()
    ours = median_of(lambda: services.token_endpoint(request), rounds=3)
    least = median_of(lambda: bcrypt.checkpw(PASSWORD.encode(), stored), rounds=3)
    with capsys.disabled():
        print(  # noqa: T201 - a measurement is for people
            f"\n  sign-in without AWS: {1e3 * ours:.1f} ms of CPU; bare bcrypt of cost {DEFAULT_COST}: "
            f"{1e3 * least:.1f} ms"
        )
    assert ours < 1.3 * least
