"""What a breach proves, and that each claim can fail by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.system import DynamoDBSystem
from chalicelib.oauth.key_rotation import KeyRotation, Replacement
from infra.local.stack.local_stack import LocalStack
from infra.operate.breach.proof import Before
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import EVERY_DOOR_SHUT, knock, report

BY_TABLE = "an old access token is refused"
BY_CACHE = "an old access token is refused where the authorizer's cache decides"
BY_REFRESH = "an old refresh token is refused"
AGAIN = "a new sign-in works"


class NeverEmptied(LocalStack):
    """Its authorizer cache stays as it is, whatever is asked."""

    def flush(self) -> None:
        pass


def verdict(stage: LocalDeployment) -> str:
    (said,) = (step["done"] for step in report(stage, 1)["steps"] if "PROVEN" in step["done"].upper())
    return str(said)


def proof_of_failed_run(stage: LocalDeployment) -> dict[str, bool]:
    result = stage.operate("breach", "--yes")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "The sessions are ended, but the proof failed: see the report, then repeat the command.\n"
    )
    proof: dict[str, bool] = report(stage, 1)["proof"]
    return proof


def test_a_cache_that_was_not_emptied_is_seen(tmp_path: Path) -> None:
    with staged(tmp_path, stack_class=NeverEmptied) as stage:
        proof = proof_of_failed_run(stage)
        assert proof == {BY_TABLE: True, BY_CACHE: False, BY_REFRESH: True, AGAIN: True}
        assert verdict(stage) == f"NOT PROVEN: {BY_CACHE}"


def test_without_a_cache_there_is_nothing_to_be_emptied(tmp_path: Path) -> None:
    with staged(tmp_path, stack_class=NeverEmptied, AUTHORIZER_CACHE_SECONDS=0) as stage:
        assert stage.operate("breach", "--yes").exit_code == 0


def test_an_epoch_that_was_not_raised_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warm functions then go on with the keys that they have."""
    monkeypatch.setattr(DynamoDBSystem, "advance_epoch", lambda *_, **__: True)
    with staged(tmp_path) as stage:
        proof = proof_of_failed_run(stage)
        assert proof == {BY_TABLE: False, BY_CACHE: False, BY_REFRESH: False, AGAIN: True}
        assert verdict(stage) == f"NOT PROVEN: {BY_TABLE}; {BY_CACHE}; {BY_REFRESH}"


def test_a_key_that_was_not_replaced_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions refuse to sign with a key of a past epoch, so nobody comes in."""

    def pretend(rotation: KeyRotation, epoch: int, **_: bool) -> Replacement:
        return Replacement(replace(rotation.current(), epoch=epoch), "another version")

    monkeypatch.setattr(KeyRotation, "replace_without_grace", pretend)
    with staged(tmp_path) as stage:
        proof = proof_of_failed_run(stage)
        assert (proof[BY_REFRESH], proof[AGAIN]) == (True, False)
        assert not proof[BY_TABLE]


def test_a_token_that_never_worked_where_the_cache_decides_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.operate.breach.proof._NOT_PERMITTED", (418, "teapot"))
    with staged(tmp_path) as stage:
        assert proof_of_failed_run(stage)[BY_CACHE] is False


class CachedLate(LocalStack):
    """An authorizer's call that began before is answered after the cache was emptied, and cached."""

    late: Any = None

    def flush(self) -> None:
        (authorizer,) = self.gateway._authorizers.values()
        cache, before = authorizer._cache, dict(authorizer._cache._entries)
        super().flush()
        if CachedLate.late is None:
            CachedLate.late = before
            cache._entries.update(before)


def test_what_was_cached_amid_it_is_emptied_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CachedLate, "late", None)
    monkeypatch.setattr(Before, "prove", lambda _: {AGAIN: True})
    with staged(tmp_path, stack_class=CachedLate) as stage:
        app = stage.signed_in()
        assert app.me().status_code == 200
        assert stage.operate("breach", "--yes").exit_code == 0
        assert f"Bearer {app.access_token}" in CachedLate.late
        assert knock(app) == EVERY_DOOR_SHUT
