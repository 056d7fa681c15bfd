"""A gateway in front of a house of fakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import wiring
from tests.api.events import REGION, Gateway
from tests.fakes import FakeHouse, FakeWorld, fake_house
from tests.written import Written, writing


@pytest.fixture
def house(world: FakeWorld) -> FakeHouse:
    return fake_house(world, client_ids="web-app", aws_region=REGION)


@pytest.fixture
def gateway(house: FakeHouse) -> Iterator[Gateway]:
    with wiring.standing_in(house):
        yield Gateway(house)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    with writing(capsys) as written:
        yield written
