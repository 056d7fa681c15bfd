"""Creating an account: all of it or nothing, and never with a name that somebody has."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.password_errors import (
    InvalidPassword,
    PasswordBreached,
    PasswordContainsName,
    PasswordTooCommon,
    PasswordTooShort,
)
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.tokens.scopes import Scope
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import PASSWORD, account


def test_an_account_is_written_with_its_names_a_hash_and_a_permanent_id(services: FakeServices) -> None:
    made = account(services, "Alice@Example.com", "Alice", ["users:read"])
    store = services.adapters.store
    assert store.accounts == {made.user_id: made}
    assert set(store.names) == {SignInName("alice@example.com"), SignInName("alice")}
    assert (made.email, made.username, made.permissions) == (
        "Alice@example.com",
        "Alice",
        Scope.of({"users:read"}),
    )
    assert len(bytes.fromhex(made.user_id)) == 16
    assert (made.created_at, made.disabled, made.password_version) == (services.adapters.clock.now, False, 1)
    stored = store.hashes[made.user_id]
    assert services.adapters.hasher.check(Password(PASSWORD), stored).verdict.value == "match"


def test_a_user_name_is_optional(services: FakeServices) -> None:
    assert account(services, username=None).username is None


@pytest.mark.parametrize(
    ("email", "username"),
    [
        ("alice@example.com", "other"),
        ("ALICE@example.COM", None),
        ("\uff41lice@example.com", None),
        ("other@example.com", "alice"),
        ("other@example.com", "ALICE"),
    ],
)
def test_a_name_that_somebody_has_in_any_spelling_is_refused(
    services: FakeServices, email: str, username: str | None
) -> None:
    account(services)
    before = (dict(services.adapters.store.accounts), dict(services.adapters.store.names))
    with pytest.raises(InvalidAccount):
        account(services, email, username)
    assert (services.adapters.store.accounts, services.adapters.store.names) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "alice"},
        {"email": "al\u200bice@example.com"},
        {"username": "a b"},
        {"username": "\u0430lice"},
        {"username": ""},
        {"permissions": ["a b"]},
        {"permissions": [""]},
        {"permissions": ['a"b']},
    ],
)
def test_what_cannot_be_is_refused_before_a_password_is_hashed(
    services: FakeServices, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidAccount) as refusal:
        account(services, **wrong)
    assert refusal.value.public_description != InvalidAccount.description
    assert not services.adapters.hasher.calls
    assert not services.adapters.store.accounts


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("x" * 14, PasswordTooShort),
        ("alice@example.com", PasswordContainsName),
        ("alice.alice.alice", PasswordContainsName),
        ("a common password", PasswordTooCommon),
        ("a breached password", PasswordBreached),
    ],
)
def test_a_password_that_the_rules_refuse_is_not_hashed(
    services: FakeServices, password: str, kind: type[InvalidPassword]
) -> None:
    services.adapters.common_passwords.held.add("a common password")
    services.adapters.breached_passwords.held.add("a breached password")
    with pytest.raises(kind):
        account(services, password=password)
    assert not services.adapters.hasher.calls
    assert not services.adapters.store.accounts


def test_the_shortest_password_is_a_setting(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, password_min_length=20)
    with pytest.raises(PasswordTooShort):
        account(services, password="x" * 19)
    assert account(services, password="x" * 20)


def test_a_password_does_not_consist_of_the_service_s_name(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, service_name="Example Bank")
    for password in ("EXAMPLE BANK example bank", "example bank 123", "gatehouse gatehouse"):
        with pytest.raises(PasswordContainsName):
            account(services, password=password)
    assert account(services, password="example bank robbers")


def test_an_oversized_password_is_refused(services: FakeServices) -> None:
    with pytest.raises(InvalidRequest):
        account(services, password="x" * 1025)


def test_an_account_is_made_with_a_hash_of_elsewhere(services: FakeServices) -> None:
    stored = PasswordHash("$fake$12$salt$digest")
    made = services.create_account(email="old@example.com", password=stored)
    assert services.adapters.store.hashes[made.user_id] == stored
    assert not services.adapters.hasher.calls


@pytest.mark.parametrize("stored", ["$fake$13$salt$digest", "plain text", ""])
def test_a_hash_that_is_dearer_than_a_failed_sign_in_or_unreadable_is_refused(
    services: FakeServices, stored: str
) -> None:
    """Its owner's name could be told from others by the time that a wrong password takes."""
    with pytest.raises(InvalidAccount) as refusal:
        services.create_account(email="old@example.com", password=PasswordHash(stored))
    assert "FAILED_SIGN_IN_COST" in refusal.value.public_description
    assert not services.adapters.store.accounts
