"""On a bad network, a client that follows the rules loses no session, and every theft is detected."""

from __future__ import annotations

import sys

import pytest

from tests.network.ledger import Cause
from tests.network.servers import in_process, over_http
from tests.network.simulation import Simulation

SEED = 20_240_229


def _print(simulation: Simulation, capsys: pytest.CaptureFixture[str], title: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{title}\n{simulation.report()}\n")


def _assert_rules(simulation: Simulation) -> None:
    """No reference client lost a session, and the run contained every kind of fault."""
    assert simulation.losses(simulation.reference)[Cause.NETWORK] == 0
    assert simulation.losses(simulation.keyless)[Cause.NETWORK] > 0
    for met in ("lost answers", "crashes", "refresh repeated", "theft exchanged", "theft caught"):
        assert simulation.ledger.counts[met] > 0, met


def test_three_thousand_steps_through_gateway_events(capsys: pytest.CaptureFixture[str]) -> None:
    with in_process() as server:
        simulation = Simulation(server, SEED)
        simulation.run(3_000)
    _print(simulation, capsys, "Flaky network, through gateway events")
    _assert_rules(simulation)


def test_fifteen_hundred_steps_over_http(capsys: pytest.CaptureFixture[str]) -> None:
    """The real server and gateway on the fake store; moto takes ten times as long."""
    with over_http(on_fakes=True) as server:
        simulation = Simulation(server, SEED + 1)
        simulation.run(1_500)
    _print(simulation, capsys, "Flaky network, over HTTP")
    _assert_rules(simulation)


def test_two_hundred_steps_over_http_on_moto(capsys: pytest.CaptureFixture[str]) -> None:
    with over_http() as server:
        simulation = Simulation(server, SEED + 2)
        simulation.run(200)
    _print(simulation, capsys, "Flaky network, over HTTP, on moto")
    _assert_rules(simulation)


@pytest.mark.soak
def test_a_million_steps_through_gateway_events(capsys: pytest.CaptureFixture[str]) -> None:
    with in_process() as server:
        simulation = Simulation(server, SEED + 3)
        simulation.run(1_000_000)
    _print(simulation, capsys, "Flaky network, a million steps through gateway events")
    _assert_rules(simulation)


@pytest.mark.soak
def test_ten_thousand_steps_over_http_on_moto(capsys: pytest.CaptureFixture[str]) -> None:
    with over_http() as server:
        simulation = Simulation(server, SEED + 4)
        simulation.run(10_000)
    _print(simulation, capsys, "Flaky network, over HTTP, on moto")
    _assert_rules(simulation)
