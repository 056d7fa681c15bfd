"""A forger of access tokens, good and otherwise."""

from __future__ import annotations

import pytest

from tests.fakes import FakeServices
from tests.oauth.token_forger import TokenForger


@pytest.fixture
def forger(services: FakeServices) -> TokenForger:
    return TokenForger(services)
