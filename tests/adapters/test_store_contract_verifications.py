"""What every store promises of verifications, mail budgets and sign-up."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.mail import CODE_SECONDS
from chalicelib.domain.verification.verification import MAX_TRIES, Purpose, Verification
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import EMAIL, HASH, NAME, NOW, account, device_key, id_of, session
from tests.adapters.verification_records import (
    BUDGET,
    first_budget,
    query,
    token,
    verification,
    written,
)
from tests.changes import changed
from tests.fake_aws import AwsServices

ADA = id_of("ada")


def register(store: Store, made: Verification, user: str = "ada") -> bool:
    new = replace(account(user, email=made.address), device_count=1)
    change = changed(new.user_id, ChangeKind.CREATED)
    return store.verified.register(new, HASH, device_key(user=user), made, change)


def test_a_verification_is_kept_whole_with_its_budget(store: Store) -> None:
    made = verification(tries=0, epoch=3)
    assert store.verifications.find_verification(made.digest) is None
    assert store.verifications.write(BUDGET, first_budget(), made, None)
    assert store.verifications.find_verification(made.digest) == made
    view = store.verifications.look_up(query())
    assert (view.budget, view.account, view.is_known_device) == (first_budget(), None, False)


def test_a_budget_that_has_changed_refuses_the_verification_as_well(store: Store) -> None:
    written(store, verification())
    assert not store.verifications.write(BUDGET, first_budget(), verification("laptop"), None)
    skipped = replace(first_budget(), revision=3)
    assert not store.verifications.write(BUDGET, skipped, verification("laptop"), None)
    assert store.verifications.find_verification(token("laptop").digest()) is None


def test_a_new_code_replaces_the_one_that_was_read_and_no_other(store: Store) -> None:
    made = written(store, verification())
    budget = replace(first_budget(), revision=2)
    renewed = made.renewed(token().mac("00000000"), NOW + 60)
    charged = store.verifications.charge(made.digest, Purpose.SIGN_UP, NOW)
    assert charged is not None
    assert not store.verifications.write(BUDGET, budget, renewed, made)
    assert store.verifications.find_verification(made.digest) == charged
    after = charged.renewed(token().mac("00000000"), NOW + 60)
    assert store.verifications.write(BUDGET, budget, after, charged)
    assert store.verifications.find_verification(made.digest) == after
    assert not register(store, made)


def test_a_code_has_five_tries_before_its_end(store: Store) -> None:
    made, charge = written(store, verification()), store.verifications.charge
    for tries in range(1, MAX_TRIES + 1):
        assert charge(made.digest, Purpose.SIGN_UP, NOW) == replace(made, tries=tries)
    assert charge(made.digest, Purpose.SIGN_UP, NOW) is None
    store.verifications.refund(made.digest)
    assert charge(made.digest, Purpose.PASSWORD_RESET, NOW) is None
    assert charge(made.digest, Purpose.SIGN_UP, NOW + CODE_SECONDS) is None
    assert charge(made.digest, Purpose.SIGN_UP, NOW + CODE_SECONDS - 1) == replace(made, tries=5)
    assert charge("0" * 64, Purpose.SIGN_UP, NOW) is None
    assert store.verifications.find_verification("0" * 64) is None


def test_nothing_is_refunded_that_was_not_charged(store: Store) -> None:
    made = written(store, verification())
    store.verifications.refund(made.digest)
    store.verifications.refund("0" * 64)
    assert store.verifications.find_verification(made.digest) == made
    assert store.verifications.find_verification("0" * 64) is None


def test_a_right_code_creates_the_account_with_its_device_once(store: Store) -> None:
    made = written(store, verification())
    assert register(store, made)
    assert not register(store, made, "bob")
    view = store.verifications.look_up(query(device=device_key()))
    assert view.account == replace(account(), device_count=1)
    assert view.is_known_device
    assert store.verifications.find_verification(made.digest) is None
    candidate = store.candidate()
    assert candidate.password_hash == HASH
    assert [one.digest for one in candidate.devices] == [device_key().digest()]
    assert [one.kind for one in store.accounts.changes(ADA, 9)] == [ChangeKind.CREATED]
    store.open(session())


def test_a_taken_address_creates_nothing_and_spends_nothing(store: Store) -> None:
    store.create(account())
    made = written(store, verification(user="bob"))
    assert not register(store, made, "bob")
    assert store.accounts.account(id_of("bob")) is None
    assert store.verifications.find_verification(made.digest) == made
    assert store.accounts.changes(id_of("bob"), 9) == []


def test_a_device_is_known_for_the_account_of_the_address_alone(store: Store) -> None:
    register(store, written(store, verification()))
    store.create(account("bob"))
    bob = SignInName.of("bob@example.com")
    assert not store.verifications.look_up(query(bob, device_key())).is_known_device
    assert not store.verifications.look_up(query(NAME, device_key("other"))).is_known_device
    store.system.advance_epoch(1)
    view = store.verifications.look_up(query(NAME, device_key()))
    assert (view.is_known_device, view.epoch) == (False, 1)


def test_disabling_and_enabling_void_what_was_mailed(store: Store) -> None:
    store.create(account())
    store.accounts.set_disabled(ADA, disabled=True)
    store.accounts.set_disabled(ADA, disabled=False)
    assert store.known(ADA).security_version == 3


def test_of_twenty_sign_ups_of_one_address_at_once_one_gets_it(raced_store: Store) -> None:
    store = raced_store
    labels = [f"person {number}" for number in range(20)]
    made = [written(store, verification(label, label)) for label in labels]
    jobs = [partial(register, store, one, label) for one, label in zip(made, labels, strict=True)]
    outcomes = at_once(jobs)
    assert sorted(map(str, outcomes)) == ["False"] * 19 + ["True"]
    winner = labels[outcomes.index(True)]
    for label in labels:
        found = store.accounts.account(id_of(label))
        assert (found is not None) is (label == winner)
    owner = store.accounts.find(NAME)
    assert owner is not None
    assert owner.user_id == id_of(winner)


def test_parallel_tries_are_all_counted(raced_store: Store) -> None:
    made = written(raced_store, verification())
    charge = partial(raced_store.verifications.charge, made.digest, Purpose.SIGN_UP, NOW)
    outcomes = at_once([charge] * 20)
    assert sum(isinstance(one, Verification) for one in outcomes) == MAX_TRIES
    assert sum(one is None for one in outcomes) == 20 - MAX_TRIES


@pytest.fixture
def items(aws_services: AwsServices) -> str:
    store = Store.of(aws_services)
    written(store, verification())
    table = aws_services.adapters._table
    digest = token().digest()
    return str([*table.partition(f"VERIFICATION#{digest}"), *table.partition(f"BUDGET#{BUDGET}")])


def test_neither_token_nor_code_is_stored_and_both_items_expire(items: str) -> None:
    assert token().reveal() not in items
    assert "12345678" not in items
    assert EMAIL in items
    assert str(NOW + CODE_SECONDS + 86_400) in items
    assert items.count("'ttl'") == 2
