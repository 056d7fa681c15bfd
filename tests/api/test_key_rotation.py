"""The rotation function, as Secrets Manager calls it: one step an invocation."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api import key_rotation
from chalicelib.domain.errors import Unavailable
from chalicelib.oauth.key_rotation import RotationRefused
from chalicelib.services import override_services
from tests.api.events import Gateway
from tests.fake_keys import CURRENT
from tests.fakes import FakeServices
from tests.written import Written

TOKEN = "11111111-1111-4111-8111-111111111111"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def rotate(step: str) -> None:
    event = {"Step": step, "ClientRequestToken": TOKEN, "SecretId": "arn:aws:secretsmanager:x:1:secret:y"}
    assert key_rotation.rotate(event, None) is None


def metrics(written: Written) -> list[str]:
    return [line["outcome"] for line in written.lines if "KeyRotation" in line]


def test_four_steps_are_a_rotation_and_one_event(gateway: Gateway, written: Written) -> None:
    for step in STEPS:
        rotate(step)
    assert gateway.services.adapters.keys.version_of[CURRENT] == TOKEN
    (event,) = [line for line in written.lines if line.get("message") == "key_rotated"]
    assert event["key_id"] == TOKEN
    assert metrics(written) == ["success"]


def test_a_rotation_that_is_called_twice_is_logged_once(gateway: Gateway, written: Written) -> None:
    for step in [*STEPS, *STEPS]:
        rotate(step)
    assert metrics(written) == ["success"]


@pytest.mark.parametrize("step", ["testSecret", "finishSecret"])
def test_a_step_that_cannot_be_done_is_raised_and_counted(
    gateway: Gateway, written: Written, step: str
) -> None:
    with pytest.raises(RotationRefused):
        rotate(step)
    assert metrics(written) == [f"failed_{step.lower()}"]


@pytest.mark.parametrize("step", STEPS)
def test_an_outage_is_raised_so_that_the_step_is_tried_again(
    gateway: Gateway, written: Written, step: str
) -> None:
    for earlier in STEPS[: STEPS.index(step)]:
        rotate(earlier)
    keys = gateway.services.adapters.keys
    keys.down = {"labels", "key", "add", "promote", "remove_label"}
    if step == "setSecret":
        rotate(step)
    else:
        with pytest.raises(Unavailable):
            rotate(step)
        assert metrics(written) == [f"failed_{step.lower()}"]
    keys.down = set()
    for later in STEPS[STEPS.index(step) :]:
        rotate(later)
    assert keys.version_of[CURRENT] == TOKEN


def test_an_unknown_step_is_raised(gateway: Gateway, written: Written) -> None:
    with pytest.raises(KeyError):
        rotate("dropSecret")
    assert metrics(written) == ["failed_unknown_step"]


@pytest.mark.parametrize("missing", ["Step", "ClientRequestToken"])
def test_an_event_of_another_kind_does_nothing(services: FakeServices, missing: str) -> None:
    event: dict[str, Any] = {"Step": "createSecret", "ClientRequestToken": TOKEN}
    del event[missing]
    before = dict(services.adapters.keys.versions)
    with override_services(services), pytest.raises(KeyError):
        key_rotation.rotate(event, None)
    assert services.adapters.keys.versions == before
