"""Rotations of the signing key under traffic, one after the other, half done, and after a breach."""

from __future__ import annotations

import base64
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.tokens.signing_keys import SigningKey
from chalicelib.oauth.key_rotation import RotationRefused
from chalicelib.services import get_services
from infra.operate.api_client import ApiClient
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.blackbox.rotation import STEPS, Faults, Traffic, step
from tests.fakes import FakeClock

DAY = 86_400


@pytest.fixture
def stage(tmp_path: Path, moved: FakeClock) -> Iterator[LocalDeployment]:
    with staged(tmp_path, moved, AUTHORIZER_CACHE_SECONDS=0, KEY_CACHE_SECONDS=5) as running:
        yield running


def rotated() -> str:
    token = str(uuid.uuid4())
    for name in STEPS:
        step(name, token)
    return token


def labels() -> dict[str, set[str]]:
    """Return the versions by label, of those that have one."""
    found: dict[str, set[str]] = {}
    for version, its_labels in get_services().adapters.key_versions.labels().items():
        for label in its_labels:
            found.setdefault(label, set()).add(version)
    return found


def key_of(version: str) -> SigningKey:
    key = get_services().adapters.key_versions.key(version)
    assert key is not None
    return key


def said_by(access_token: str, part: int) -> dict[str, Any]:
    segment = access_token.split(".")[part]
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return value


def kid_of(app: ApiClient) -> str:
    return str(said_by(app.access_token, 0)["kid"])


def signed_by(key: SigningKey, app: ApiClient, **changes: Any) -> str:
    """Return what an app's token says, changed and signed by any key."""
    return get_services().adapters.codec.sign(said_by(app.access_token, 1) | changes, key)


def status(app: ApiClient, token: str) -> int:
    return app.get("/me", f"Bearer {token}").status_code


GOOD = {"sign in: 200 200", "refresh: 200 200", "ask: 200", "verify: good good good"}


def test_nobody_notices_a_rotation_however_often_it_crashes(tmp_path: Path) -> None:
    """Every step crashes before and after each call that it makes, and is repeated once it is through."""
    with staged(tmp_path, AUTHORIZER_CACHE_SECONDS=0) as stage:
        traffic, crashes = Traffic(stage), Counter[str]()
        with traffic.flowing():
            traffic.wait_for_more()
            for moment in ("before", "after"):
                faults, token, before = Faults(moment), str(uuid.uuid4()), labels()["AWSCURRENT"]
                for name in STEPS:
                    with faults.armed():
                        crashes[name] += faults.survive(name, token)
                    step(name, token)
                    traffic.wait_for_more()
                assert labels() == {"AWSCURRENT": {token}, "AWSPREVIOUS": before}
        assert set(traffic.outcomes) == GOOD
        assert all(crashes[name] >= 5 for name in STEPS if name != "setSecret"), crashes


def test_a_repeated_step_of_a_finished_rotation_changes_nothing(stage: LocalDeployment) -> None:
    first, second = rotated(), rotated()
    settled = labels()
    for name in STEPS:
        step(name, second)
    assert settled == labels() == {"AWSCURRENT": {second}, "AWSPREVIOUS": {first}}


def test_tokens_of_a_key_that_was_replaced_twice_live_as_long_as_they_say(
    stage: LocalDeployment, moved: FakeClock
) -> None:
    app, newer = stage.signed_in(), stage.visitor()
    first_key = get_services().key_rotation.current()
    assert kid_of(app) == first_key.kid
    rotated()
    moved.advance(10)
    newer.sign_in()
    last = rotated()
    moved.advance(10)
    assert last not in {kid_of(app), kid_of(newer)}
    assert [app.me().status_code, newer.me().status_code] == [200, 200]
    moved.now = said_by(app.access_token, 1)["exp"] - 1
    assert [app.me().status_code, newer.me().status_code] == [200, 200]
    moved.advance(1)
    assert [app.me().status_code, newer.me().status_code] == [401, 200]
    moved.advance(10)
    assert newer.me().status_code == 401
    assert app.refresh(app.refresh_token).status_code == 200
    assert kid_of(app) == last


def test_a_key_is_gone_once_its_last_token_is(stage: LocalDeployment, moved: FakeClock) -> None:
    """Whoever has stolen an old key can date a token as they like; the key itself has to expire."""
    app = stage.signed_in()
    first_key = get_services().key_rotation.current()
    far = moved.now + DAY
    assert status(app, signed_by(first_key, app, exp=far)) == 200
    rotated()
    rotated()
    moved.advance(3500)
    assert status(app, signed_by(first_key, app, exp=far)) == 200
    moved.advance(300)
    assert status(app, signed_by(first_key, app, exp=far)) == 401
    assert status(app, signed_by(first_key, app, exp=far, iat=moved.now)) == 401


def test_an_old_key_signs_nothing_new_twenty_days_later(stage: LocalDeployment, moved: FakeClock) -> None:
    app = stage.signed_in(permissions=["users:read"])
    first_key = get_services().key_rotation.current()
    rotated()
    moved.advance(20 * DAY)
    for life in (3600, DAY, 2**53 - 1 - moved.now):
        token = signed_by(first_key, app, iat=moved.now, exp=moved.now + life)
        assert status(app, token) == 401
        assert app.get("/admin/users/x", f"Bearer {token}").status_code == 401
    forever = signed_by(get_services().key_rotation.current(), app, iat=moved.now, exp=2**53 - 1)
    assert status(app, forever) == 401


def test_a_pending_key_neither_signs_nor_verifies(stage: LocalDeployment, moved: FakeClock) -> None:
    app, token = stage.signed_in(), str(uuid.uuid4())
    for name in STEPS[:3]:
        step(name, token)
        moved.advance(6)
        pending = key_of(token)
        app.sign_in()
        assert kid_of(app) != token
        assert status(app, signed_by(pending, app, iat=moved.now)) == 401
        assert app.me().status_code == 200
    step("finishSecret", token)
    moved.advance(6)
    assert status(app, signed_by(key_of(token), app, iat=moved.now)) == 200
    assert app.me().status_code == 200


def test_a_pending_key_from_before_a_breach_is_not_promoted(stage: LocalDeployment) -> None:
    token = str(uuid.uuid4())
    step("createSecret", token)
    assert stage.operate("breach", "--yes").exit_code == 0
    settled = labels()
    for name in ("testSecret", "finishSecret"):
        with pytest.raises(RotationRefused, match=r"past epoch|not pending"):
            step(name, token)
    assert labels() == settled
    assert set(settled) == {"AWSCURRENT"}
    assert stage.signed_in().me().status_code == 200
    after = rotated()
    assert labels()["AWSCURRENT"] == {after}
    assert get_services().key_rotation.current().epoch == 1


def test_a_step_for_a_version_that_was_never_made_is_refused(stage: LocalDeployment) -> None:
    settled = labels()
    for name in ("testSecret", "finishSecret"):
        with pytest.raises(RotationRefused, match=r"no value|not pending"):
            step(name, str(uuid.uuid4()))
    with pytest.raises(KeyError):
        step("noStep", str(uuid.uuid4()))
    assert labels() == settled
