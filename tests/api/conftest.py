"""A gateway in front of services of fakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.services import override_services
from tests.api.events import REGION, Gateway
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.written import Written, writing


@pytest.fixture
def services(adapters: FakeAdapters) -> FakeServices:
    return fake_services(adapters, client_ids="web-app", aws_region=REGION)


@pytest.fixture
def gateway(services: FakeServices) -> Iterator[Gateway]:
    with override_services(services):
        yield Gateway(services)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    with writing(capsys) as written:
        yield written
