"""What every store promises of unlocking names."""

from __future__ import annotations

from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.sign_in.attempts import failures_id
from chalicelib.domain.sign_in.limits import WINDOW_SECONDS
from tests.adapters.conftest import Store
from tests.adapters.records import NAME, NAME_KEY, account, device_key, session
from tests.adapters.test_store_contract_sign_in import UNKNOWN, attempt


def test_unlocking_a_name_forgets_its_failures_and_says_whether_there_were_any(store: Store) -> None:
    for one in (NAME, UNKNOWN):
        for _ in range(4):
            attempt(store, one)
    ids = [failures_id(name, NAME_KEY) for name in (NAME, SignInName.of("never tried"))]
    assert store.sign_ins.unlock(ids) == 1
    assert attempt(store, NAME) == 0
    assert attempt(store, UNKNOWN) == WINDOW_SECONDS
    assert store.sign_ins.unlock([]) == 0


def test_a_sign_in_under_way_when_its_name_is_unlocked_succeeds_and_owes_nothing(store: Store) -> None:
    store.create(account())
    begun = store.begin()
    store.sign_ins.unlock([failures_id(NAME, NAME_KEY)])
    assert begun.candidate is not None
    store.sign_ins.open(
        session(), begun.candidate, begun.charge, device_key=device_key(), rehash=None, limit=20
    )
    assert [attempt(store, NAME) for _ in range(4)] == [0, 0, 0, WINDOW_SECONDS]
