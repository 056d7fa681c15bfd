"""How much mail strangers can cause, and how many codes they can try, from however many networks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.accounts.verification.requests import Requester
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.verification.verification import MAX_TRIES, VerificationToken
from tests.fakes import FakeServices
from tests.oauth.actors import EMAIL, account

DAY = 86_400
NEW, PASSWORD = "new@example.com", "a tin of green paint"
Ask = Callable[[FakeServices, str], VerificationToken]


def sign_up(services: FakeServices, network_address: str) -> VerificationToken:
    return services.registration.begin(NEW, None, Requester(network_address))


def forgot(services: FakeServices, network_address: str) -> VerificationToken:
    return services.password_reset.begin(EMAIL, Requester(network_address))


@pytest.mark.parametrize("ask", [sign_up, forgot])
def test_many_networks_cause_no_more_than_twenty_mails_a_day_to_one_address(
    services: FakeServices, ask: Ask
) -> None:
    account(services)
    sent = 0
    for number in range(300):
        ask(services, f"10.{number // 250}.{number % 250}.1")
        sent += services.adapters.mail_queue.requests[-1].created_at == services.adapters.clock.now
    assert sent == 20
    services.adapters.clock.advance(DAY)
    ask(services, "10.9.9.1")
    assert services.adapters.mail_queue.requests[-1].created_at == services.adapters.clock.now


@pytest.mark.parametrize("ask", [sign_up, forgot])
def test_the_tries_of_many_verifications_do_not_add_up_to_a_search(services: FakeServices, ask: Ask) -> None:
    """A day allows 20 codes of 5 tries each, of 100 million: a chance of one in a million."""
    account(services)
    tokens = [ask(services, f"10.0.{number % 250}.1") for number in range(200)]
    looked_at = 0
    for token in tokens:
        # Only a verification whose code was mailed can be opened: the others have no code that fits.
        code = next(
            one.code for one in services.adapters.mail_queue.requests if one.verification_id == token.digest()
        )
        assert code is not None
        stored = services.adapters.store.verifications[token.digest()]
        is_open = stored.fits(token, code.reveal())
        for guess in range(MAX_TRIES + 2):
            with pytest.raises(InvalidCode):
                services.registration.complete(token, f"x{guess}", PASSWORD)
            with pytest.raises(InvalidCode):
                services.password_reset.complete(token, f"x{guess}", PASSWORD)
        looked_at += is_open * services.adapters.store.verifications[token.digest()].tries
    assert looked_at == 20 * MAX_TRIES


def test_a_new_code_adds_no_try(services: FakeServices) -> None:
    token = sign_up(services, "10.0.0.1")
    for number in range(MAX_TRIES):
        with pytest.raises(InvalidCode):
            services.registration.complete(token, "x", PASSWORD)
        if number < MAX_TRIES - 1:
            services.registration.resend(token, Requester(f"10.1.{number}.1"))
    with pytest.raises(InvalidCode):
        services.registration.resend(token, Requester("10.2.0.1"))
    code = services.adapters.mail_queue.requests[-1].code
    assert code is not None
    with pytest.raises(InvalidCode):
        services.registration.complete(token, code.reveal(), PASSWORD)
