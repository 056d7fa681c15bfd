"""What the time of an answer tells, at the cost of a real password hash."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import pytest

from infra.operate.api_client import ApiClient, summarize
from tests.blackbox.local_deployment import LocalDeployment, staged

ROUNDS = 7
TOLERANCE = 0.10


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(
        tmp_path_factory.mktemp("stage"),
        BCRYPT_COST=11,
        SIGN_IN_NETWORK_FAILURES=50,
        SIGN_IN_FREE_FAILURES=50,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def app(stage: LocalDeployment) -> ApiClient:
    return stage.visitor()


@pytest.fixture(scope="module")
def hashing(app: ApiClient) -> float:
    return min(work_of(lambda: app.sign_in(password="wrong")) for _ in range(2))


def work_of(ask: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Return the CPU time that an answer costs this process, which serves it too, in seconds.

    Not the time on the wall: what else this machine does is no secret of ours, and would hide one.
    """
    began = clock()
    ask()
    return clock() - began


@pytest.mark.parametrize(
    ("clock", "rounds"),
    [(time.process_time, ROUNDS), pytest.param(time.perf_counter, 40, marks=pytest.mark.soak)],
    ids=["CPU", "wall"],
)
def test_nobody_can_tell_from_the_time_which_names_exist(
    stage: LocalDeployment,
    app: ApiClient,
    capsys: pytest.CaptureFixture[str],
    clock: Callable[[], float],
    rounds: int,
) -> None:
    disabled = stage.account()
    stage.operate("users", "disable", disabled)
    kinds: dict[str, dict[str, str]] = {
        "unknown user": {"username": "nobody@example.com"},
        "wrong password": {"password": "wrong"},
        "disabled user": {"username": disabled},
    }
    for change in kinds.values():
        assert summarize(app.sign_in(**change)) == "400 invalid_grant"
    work: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, change in kinds.items():
            work[kind].append(work_of(lambda change=change: app.sign_in(**change), clock))  # type: ignore[misc]
    medians = {kind: statistics.median(samples) for kind, samples in work.items()}
    line = "; ".join(f"{kind} {1000 * one:.1f} ms" for kind, one in medians.items())
    with capsys.disabled():
        print(f"\n  {clock.__name__}: {line}")  # noqa: T201 - a measurement is for people
    assert max(medians.values()) <= (1 + TOLERANCE) * min(medians.values()), medians


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "demo@example.com", "password": "x" * (16 * 1024)},
        {"grant_type": "password", "username": "demo@example.com", "password": "x" * 1025},
        {"grant_type": "password", "username": "demo@example.com"},
        {"grant_type": "password", "username": "demo@example.com", "password": "x", "scope": '"'},
        {"grant_type": "password", "username": "demo@example.com", "password": "x", "client_id": "no"},
    ],
)
def test_no_password_is_hashed_for_a_malformed_request(
    app: ApiClient, hashing: float, form: dict[str, str]
) -> None:
    refusing = min(work_of(lambda: app.token(form)) for _ in range(3))
    assert app.token(form).status_code in {400, 401}
    assert refusing < hashing / 5
