"""A mint of access tokens, good and otherwise."""

from __future__ import annotations

import pytest

from tests.fakes import FakeHouse
from tests.oauth.mint import Mint


@pytest.fixture
def mint(house: FakeHouse) -> Mint:
    return Mint(house)
