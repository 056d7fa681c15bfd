"""Fixtures for services on fakes and on moto, and the isolation of all tests from this machine."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from dataclasses import fields
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import settings

from chalicelib.settings import SERVICE_ROUTES

# Before anything imports `app`: these tests are about the service, whatever lies in `chalicelib/functions`.
# Tests of own functions make an app of their own (tests/functions/conftest.py).
os.environ["GATEHOUSE_ROUTES"] = SERVICE_ROUTES

from chalicelib import observability
from chalicelib.settings import Settings
from tests.fake_aws import Aws, AwsServices, aws_behind_one_thread, aws_in_process
from tests.fakes import FakeAdapters, FakeClock, FakeServices, fake_services
from tests.memoized import memoize

# Created here, outside of any test: the logger keeps the standard output that it finds.
observability.get_logger()
# A busy machine makes a good example slow.
settings.register_profile("gatehouse", deadline=None)
settings.load_profile("gatehouse")

_LONGEST = ("tests/test_recipes.py", "tests/network/", "tests/infra/deploy/")
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "POWERTOOLS_SERVICE_NAME": "gatehouse",
    "POWERTOOLS_METRICS_NAMESPACE": "Gatehouse",
}
_UNWANTED = ["AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "GATEHOUSE_STACK_FILE", "POWERTOOLS_DEV"]


@pytest.fixture(autouse=True, scope="session")
def isolation() -> Iterator[None]:
    """Keep tests from networks beyond loopback, from credentials and from this machine's settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*_UNWANTED, *(setting.name.upper() for setting in fields(Settings))]:
            patch.delenv(name, raising=False)
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded_connect(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        memoize(patch)
        yield


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def adapters(clock: FakeClock) -> FakeAdapters:
    return FakeAdapters(clock)


@pytest.fixture
def services(adapters: FakeAdapters) -> FakeServices:
    return fake_services(adapters)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with aws_in_process() as aws:
        yield aws


@pytest.fixture
def aws_services(aws: Aws, clock: FakeClock) -> AwsServices:
    return aws.services(clock)


@pytest.fixture
def moto_server() -> Iterator[Aws]:
    with aws_behind_one_thread() as aws:
        yield aws


def pytest_collection() -> None:
    """Let the collector rest: ten thousand tests are no garbage, and to find that out takes seconds."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collect from here on, without another look at the tests."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that at the end no worker is left alone with one."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


def _guarded_connect(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            _refuse_beyond_loopback(address[0])
        return connect(self, address)

    return guarded


def _guarded_lookup(lookup: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_beyond_loopback(host)
        return lookup(host, *args, **kwargs)

    return guarded


def _refuse_beyond_loopback(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        near = ip_address(name).is_loopback or ip_address(name).is_unspecified
    except ValueError:
        near = False
    if not near:
        # Not an OSError: an adapter would take that for an outage, and the test would pass.
        pytest.fail(f"a test tried to reach {name}")
