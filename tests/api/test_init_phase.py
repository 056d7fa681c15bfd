"""What a Lambda function does before its first request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.init_phase import prepare
from chalicelib.services import Services, override_services
from tests.fakes import FakeAdapters, FakeServices
from tests.written import Written

HANDLER = "app.app"


@pytest.fixture
def in_lambda(monkeypatch: pytest.MonkeyPatch, services: FakeServices) -> Iterator[None]:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "gatehouse-test-APIHandler")
    monkeypatch.setenv("_HANDLER", HANDLER)
    with override_services(services):
        yield


class Built:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _services: Services) -> None:
        self.count += 1


@pytest.mark.usefixtures("in_lambda")
def test_a_function_builds_what_it_needs_and_reads_its_key_and_the_table(adapters: FakeAdapters) -> None:
    built = Built()
    prepare(HANDLER, built)
    assert built.count == 1
    assert adapters.keys.calls == {"current": 1}
    assert adapters.store.calls == {"session": 1}


@pytest.mark.usefixtures("in_lambda")
def test_another_function_builds_nothing() -> None:
    built = Built()
    prepare("chalicelib.api.authorizer.bearer", built)
    assert built.count == 0


def test_outside_of_lambda_nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_HANDLER", HANDLER)
    built = Built()
    prepare(HANDLER, built)
    assert built.count == 0


@pytest.mark.usefixtures("in_lambda")
def test_an_outage_is_logged_and_the_function_goes_on(adapters: FakeAdapters, written: Written) -> None:
    adapters.keys.down = {"current"}
    prepare(HANDLER)
    (line,) = written.lines
    assert {"message": "outage", "function": "init"}.items() <= line.items()


@pytest.mark.usefixtures("in_lambda")
def test_a_defect_is_logged_and_the_function_goes_on(written: Written) -> None:
    def fail(_services: Services) -> None:
        raise RuntimeError("PRIVATE")

    prepare(HANDLER, fail)
    assert written.lines[0]["error"] == "RuntimeError"
    assert "PRIVATE" not in written.text
