"""API keys under load: uses against a revocation, and a rotation while the key is in use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from chalicelib.domain.api_keys.api_key import owner_of_key
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from tests.api.events import Denied, Gateway
from tests.api.key_requests import Key, created, exchanged, owner, shown
from tests.changes import ACTOR


def status(key: Key) -> int:
    try:
        return shown(key.basic).status
    except Denied:
        return 401


def test_a_use_that_begins_after_the_revocation_is_refused(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    revoked, seen = Event(), list[tuple[bool, int]]()

    def use() -> None:
        for _ in range(20):
            began_after = revoked.is_set()
            seen.append((began_after, status(key)))
            seen.append((began_after, exchanged(gateway, key).status))

    with ThreadPoolExecutor(4) as pool:
        uses = [pool.submit(use) for _ in range(4)]
        assert gateway.protected("DELETE", f"/me/api-keys/{key.id}", token).status == 204
        revoked.set()
        for one in uses:
            one.result()
    assert {code for after, code in seen if after} <= {401}
    assert {code for _, code in seen} <= {200, 401}
    assert status(key) == 401


def test_a_revocation_between_authorizer_and_function_is_noticed(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    store = gateway.services.adapters.store

    def revoke() -> None:
        gateway.protected("DELETE", f"/me/api-keys/{key.id}", token)

    store.before["api_key_and_account"] = revoke
    assert shown(key.basic).error == (401, "invalid_token")


def test_of_two_revocations_at_once_one_finds_the_key(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)

    def revoke(_: int) -> int:
        return gateway.protected("DELETE", f"/me/api-keys/{key.id}", token).status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(revoke, range(2))) == [204, 404]
    assert sum(one.kind == "api_key_revoked" for one in gateway.services.adapters.store.recorded) == 1


def test_while_a_key_is_rotated_no_use_of_either_is_refused(gateway: Gateway) -> None:
    old = created(gateway, owner(gateway), expires_in=3600)
    services = gateway.services
    administration = services.api_key_administration
    done, seen = Event(), list[int]()

    def use() -> None:
        while not done.is_set():
            seen.append(status(old))

    with ThreadPoolExecutor(2) as pool:
        uses = [pool.submit(use) for _ in range(2)]
        stored = administration.key(old.id)
        order = administration.successor(stored)
        assert order == ApiKeyOrder("server", stored.scope, 3600)
        key, secret = administration.create(owner_of_key(old.id) or "", order, ACTOR)
        administration.retire(stored, services.adapters.clock() + 60, ACTOR)
        assert status(Key(key.key_id, secret.serialize())) == 200
        done.set()
        for one in uses:
            one.result()
    assert set(seen) <= {200}
    services.adapters.clock.advance(60)
    assert status(old) == 401
    assert status(Key(key.key_id, secret.serialize())) == 200
