"""A stage whose keys are public: rotated by Secrets Manager and by an operator, and after a breach."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from chalicelib.services import get_services
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.blackbox.rotation import STEPS, step
from tests.fakes import FakeClock
from tests.infra.operate.test_keys import kid_of, labels, said_by

LEAD = 86_400 + 60 + 60


@pytest.fixture
def stage(tmp_path: Path, moved: FakeClock) -> Iterator[LocalDeployment]:
    with staged(
        tmp_path, moved, AUTHORIZER_CACHE_SECONDS=0, KEY_CACHE_SECONDS=0, SIGNING_ALGORITHM="ES256"
    ) as running:
        yield running


def published(stage: LocalDeployment) -> list[str]:
    keys = requests.get(f"{stage.url}/.well-known/jwks.json", timeout=10).json()["keys"]
    return [one["kid"] for one in keys]


def rotated() -> None:
    token = str(uuid.uuid4())
    for name in STEPS:
        step(name, token)


def test_a_key_is_published_a_day_before_it_signs(stage: LocalDeployment, moved: FakeClock) -> None:
    app = stage.signed_in()
    first, second = published(stage)
    assert kid_of(app) == first
    rotated()
    assert published(stage) == [first, second]
    app.sign_in()
    assert kid_of(app) == first
    moved.advance(LEAD)
    app.sign_in()
    rotated()
    assert published(stage)[0] == second
    assert len(published(stage)) == 3
    assert app.me().status_code == 200
    newer = stage.signed_in()
    assert (kid_of(newer), newer.me().status_code) == (second, 200)
    assert said_by(newer.access_token, 0) == {"alg": "ES256", "typ": "at+jwt", "kid": second}


def test_an_operator_is_told_to_wait_and_can_decide_not_to(stage: LocalDeployment) -> None:
    app, (first, second) = stage.signed_in(), published(stage)
    status = stage.operate("keys", "status").output
    assert "  ES256  AWSCURRENT" in status
    assert f"\nNext: ES256 key {second}, which signs no sooner than 20" in status
    refused = stage.operate("keys", "rotate")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: The next key may sign from 20")
    assert "--now" in refused.stderr
    assert published(stage) == [first, second]
    done = stage.operate("keys", "rotate", "--now")
    assert done.exit_code == 0, done.output
    assert kid_of(stage.signed_in()) == second
    assert app.me().status_code == 200
    assert set(labels()) == {"AWSCURRENT", "AWSPREVIOUS"}


def test_a_breach_leaves_none_of_the_published_keys(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it matter whether the operator's shell has the setting of the stack."""
    monkeypatch.delenv("SIGNING_ALGORITHM")
    app, before = stage.signed_in(), published(stage)
    result = stage.operate("breach", "--yes")
    assert result.exit_code == 0, result.output
    assert not set(before) & set(published(stage))
    assert app.me().status_code == 401
    newer = stage.signed_in()
    assert (kid_of(newer), newer.me().status_code) == (published(stage)[0], 200)


def test_back_to_hs256_in_two_rotations(stage: LocalDeployment, moved: FakeClock) -> None:
    object.__setattr__(get_services().key_rotation.succession, "algorithm", "HS256")
    moved.advance(LEAD)
    app = stage.signed_in()
    rotated()
    second = stage.signed_in()
    rotated()
    third = stage.signed_in()
    algorithms = [said_by(one.access_token, 0)["alg"] for one in (app, second, third)]
    assert algorithms == ["ES256", "ES256", "HS256"]
    assert [one.me().status_code for one in (app, second, third)] == [200, 200, 200]
    assert published(stage) == [kid_of(second), kid_of(app)]
