"""No time tells whose an address is: medians of the work of every request about one, interleaved.

The work is that of this process; tests of the routes and of the round trips compare the calls to AWS. This
measures, so it runs on its own (`make soak`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from statistics import median

import pytest

from chalicelib.accounts.verification.requests import Requester
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.verification.verification import VerificationToken
from tests.changes import ACTOR
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import claims_of, sign_in

SAMPLES, TOLERANCE = 200, 0.10
PASSWORD, OTHER = "open the gate, please", "a tin of green paint"
OWNER = "owner@example.com"
REQUESTER = Requester("192.0.2.1")
KINDS = ("new", "pending", "taken", "disabled", "blocked")
Act = Callable[[FakeServices, str, VerificationToken], object]


@pytest.fixture
def services() -> FakeServices:
    services = fake_services()
    services.create_account(email=OWNER, password=Password.presented(PASSWORD))
    return services


def prepare(services: FakeServices, kind: str, number: int) -> str:
    """Return an address in a state that no other sample has touched."""
    address = f"{kind}{number:03d}@example.com".replace("disabled", "off").replace("blocked", "stop")
    if kind in {"taken", "disabled"}:
        made = services.create_account(email=address, password=Password.presented(PASSWORD))
        if kind == "disabled":
            services.administration.disable(made.user_id, ACTOR)
    for _ in range({"pending": 1, "blocked": 5}.get(kind, 0)):
        services.registration.begin(address, None, REQUESTER)
    return address


def sign_up(services: FakeServices, address: str, _: VerificationToken) -> object:
    return services.registration.begin(address, None, REQUESTER)


def resend(services: FakeServices, _: str, token: VerificationToken) -> None:
    services.registration.resend(token, REQUESTER)


def forgot(services: FakeServices, address: str, _: VerificationToken) -> object:
    return services.password_reset.begin(address, REQUESTER)


def verify(services: FakeServices, _: str, token: VerificationToken) -> object:
    with pytest.raises(InvalidCode):
        services.registration.complete(token, "wrong", OTHER)
    return None


def reset(services: FakeServices, address: str, _: VerificationToken) -> object:
    token = services.password_reset.begin(address, REQUESTER)
    with pytest.raises(InvalidCode):
        services.password_reset.complete(token, "wrong", OTHER)
    return None


def change_address(services: FakeServices, address: str, _: VerificationToken) -> object:
    claims = claims_of(services, sign_in(services, OWNER, PASSWORD))
    return services.email_change.begin(claims, address, PASSWORD, REQUESTER)


def rounds() -> Iterator[tuple[str, ...]]:
    """Return the kinds in a rotating order, so that none is always measured first."""
    for number in range(SAMPLES):
        yield tuple(islice(cycle(KINDS), number % len(KINDS), number % len(KINDS) + len(KINDS)))


@pytest.mark.soak
@pytest.mark.parametrize("act", [sign_up, resend, forgot, verify, reset, change_address])
def test_medians_differ_by_less_than_a_tenth(
    services: FakeServices, act: Act, capsys: pytest.CaptureFixture[str]
) -> None:
    samples: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number, order in enumerate(rounds()):
        ready = [(kind, prepare(services, kind, number)) for kind in order]
        tokens = [services.registration.begin(address, None, REQUESTER) for _, address in ready]
        for (kind, address), token in zip(ready, tokens, strict=True):
            began = time.process_time()
            act(services, address, token)
            samples[kind].append(time.process_time() - began)
    medians = {kind: median(found) for kind, found in samples.items()}
    with capsys.disabled():
        shown = ", ".join(f"{kind} {1000 * one:.2f} ms" for kind, one in medians.items())
        print(f"\n{act.__name__}: {shown}")  # noqa: T201 - the measurement
    assert max(medians.values()) <= (1 + TOLERANCE) * min(medians.values())
