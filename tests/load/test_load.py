"""`make load`: what it refuses, how it ends, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged
from tests.load import __main__ as load
from tests.load.driver import Plan, Tally, drive, report


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("something was sent")

    monkeypatch.setattr(load, "drive", fail)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--url", "https://auth.example.com", "--username", "x"], "confirm with --yes"),
        (["--url", "http://auth.example.com", "--username", "x", "--yes"], "https only"),
        (["--url", "http://127.0.0.1.example.com", "--username", "x"], "confirm with --yes"),
        (["--url", "https://auth.example.com", "--yes"], "--username"),
        (["--mix", "sign-in=nan"], "--mix"),
        (["--mix", "sign-in=-1,call=2"], "--mix"),
        (["--mix", "walk=1"], "--mix"),
        (["--mix", "call"], "--mix"),
    ],
)
def test_what_is_not_started(
    never: None, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load.main(arguments) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--seconds", "--apps", "--requests"])
@pytest.mark.parametrize("value", ["0", "-1", "1000000000", "x"])
def test_a_load_without_bounds_is_not_started(never: None, option: str, value: str) -> None:
    with pytest.raises(SystemExit):
        load.main([option, value])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000/local", True),
        ("http://[::1]:8000", True),
        ("https://auth.example.com", False),
        ("http://127.0.0.1@auth.example.com", False),
        ("http://localhost.example.com", False),
        ("127.0.0.1:8000", False),
    ],
)
def test_what_is_loopback(url: str, *, expected: bool) -> None:
    assert load.is_loopback(url) is expected


def test_a_load_ends_by_the_number_of_requests_and_counts_each(stage: LocalDeployment) -> None:
    accounts = [(stage.account(), PASSWORD), (stage.account(), PASSWORD)]
    tally = drive(stage.url, accounts, Plan({"sign-in": 1, "refresh": 1, "call": 2}, 2, 60, 20))
    assert not tally.errors
    assert tally.total == 20
    assert all(tally.seconds.values())
    assert "Errors: none." in report(tally)


def test_what_fails_is_counted_by_its_kind(stage: LocalDeployment) -> None:
    tally = drive(stage.url, [(stage.account(), "not the password")], Plan({"sign-in": 1}, 1, 60, 3))
    assert tally.errors == {("sign-in", "400"): 3}
    assert "3 x sign-in 400" in report(tally)


def test_a_password_of_a_deployment_comes_from_the_environment(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEHOUSE_LOAD_PASSWORD", PASSWORD)
    arguments = ["--url", stage.url, "--username", stage.account(), "--requests", "4", "--apps", "1"]
    assert load.main(arguments) == 0
    assert PASSWORD not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("count", "percent", "expected"), [(0, 50, 0), (1, 99, 1), (101, 50, 51), (101, 99, 100)]
)
def test_percentiles(count: int, percent: int, expected: float) -> None:
    tally = Tally()
    tally.seconds["call"] = [float(one) for one in range(1, count + 1)]
    assert tally.percentile("call", percent) == expected


def test_a_load_ends_by_the_clock(stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(10_000))
    monkeypatch.setattr("tests.load.driver.time.perf_counter", lambda: float(next(ticks)))
    tally = drive(stage.url, [(stage.account(), PASSWORD)], Plan({"call": 1}, 1, 12, 10_000))
    assert 0 < tally.total < 12
