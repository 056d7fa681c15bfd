"""A function that stops at any call of a change of an account, and the same request once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.services import override_services
from tests.api.account_flows import Flow, change_username, delete_account, reset, verify, verify_email
from tests.api.events import REGION, Denied, Gateway
from tests.fakes import FakeAdapters, FakeServices, FakeStore, fake_services

FLOWS: dict[Callable[[Gateway], Flow], int] = {
    verify: 200,
    reset: 200,
    verify_email: 204,
    delete_account: 204,
    change_username: 200,
}


class Crash(BaseException):
    """The process is gone."""


def new_services() -> FakeServices:
    return fake_services(FakeAdapters(), aws_region=REGION)


def steps() -> Iterator[tuple[Callable[[Gateway], Flow], str, str]]:
    """Every call to the store or the queue that a flow makes."""
    for prepare, status in FLOWS.items():
        services = new_services()
        with override_services(services):
            flow, adapters = prepare(Gateway(services)), services.adapters
            adapters.store.calls.clear()
            adapters.mail_queue.calls.clear()
            assert flow().status == status
        yield from ((prepare, "store", one) for one in adapters.store.calls)
        yield from ((prepare, "mail_queue", one) for one in adapters.mail_queue.calls)


def crash_at(remote: Any, method: str, *, is_done: bool) -> None:
    """Let the next call of a method be the last of its process, done or not."""
    real = getattr(remote, method)

    def call(*args: Any, **kwargs: Any) -> None:
        delattr(remote, method)
        if is_done:
            real(*args, **kwargs)
        raise Crash

    setattr(remote, method, call)


def require_order(store: FakeStore) -> None:
    """Every name has an account that has that name, and nothing belongs to an account that is not there."""
    named = {(name, one.user_id) for one in store.accounts.values() for name in one.sign_in_names}
    assert named == set(store.names.items())
    owners = {*store.hashes, *store.profiles}
    owners |= {owner for owner, _ in [*store.devices, *store.live, *store.former]}
    assert owners <= store.accounts.keys()


STEPS = list(steps())


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("prepare", "port", "method"), STEPS, ids=[f"{one.__name__}-{method}" for one, _, method in STEPS]
)
def test_a_crash_at_any_call_leaves_no_orphan_and_a_repetition_ends_as_one_request(
    prepare: Callable[[Gateway], Flow],
    port: str,
    method: str,
    is_done: bool,  # noqa: FBT001 - pytest passes parameters by name
) -> None:
    services = new_services()
    with override_services(services):
        flow = prepare(Gateway(services))
        store = services.adapters.store
        before = len(store.recorded)
        crash_at(getattr(services.adapters, port), method, is_done=is_done)
        with pytest.raises(Crash):
            flow()
        require_order(store)
        if len(store.recorded) > before:
            # The change was made: whoever repeats it learns that code or session are used up.
            try:
                assert flow().status in {200, 400}
            except Denied:
                assert prepare is delete_account
        else:
            assert flow().status == FLOWS[prepare]
        require_order(store)
        assert len(store.recorded) == before + 1
        assert len(store.accounts) == (0 if prepare is delete_account else 1)
