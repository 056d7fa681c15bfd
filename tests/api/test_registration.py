"""Signing up over the function: answers, errors, budgets, and what is stored."""

from __future__ import annotations

import json

import pytest

from chalicelib.domain.mail import CODE_SECONDS, MailKind
from tests.api.events import Gateway
from tests.api.json_requests import NEW_PASSWORD, ask, mailed_code, post, signed_up, wrong
from tests.oauth.actors import EMAIL, account

NEW = "new@example.com"
INVALID_CODE = {"error": "invalid_code", "error_description": "The code is wrong, used up or too old."}


def verify(gateway: Gateway, verification: str, code: str, password: str = NEW_PASSWORD) -> tuple[int, str]:
    answer = post(gateway, "/accounts/verify", verification=verification, code=code, password=password)
    return answer.status, str(answer.json.get("error", "device_key"))


def test_an_account_exists_once_the_code_came_back_with_the_password_sent_beside_it(gateway: Gateway) -> None:
    answer = post(gateway, "/accounts", email="New@EXAMPLE.com", password="another good password")
    assert answer.status == 202
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "verification": answer.json["verification"],
        "expires_in": 600,
        "resend_after": 60,
    }
    store = gateway.services.adapters.store
    assert store.accounts == {}
    (message,) = gateway.services.adapters.mail_queue.requests
    assert (message.kind, message.address) == (MailKind.SIGN_UP, "New@example.com")
    verification = answer.json["verification"]
    verified = post(
        gateway,
        "/accounts/verify",
        verification=verification,
        code=mailed_code(gateway),
        password=NEW_PASSWORD,
    )
    assert verified.status == 200
    assert verified.json["device_key"].startswith("ghd_")
    signed_in = gateway.token(
        grant_type="password", username=NEW, password=NEW_PASSWORD, device_key=verified.json["device_key"]
    )
    assert signed_in.json["device_key"] == verified.json["device_key"]
    assert signed_in.json["scope"] == ""
    (user,) = store.accounts.values()
    assert (user.email, user.device_count, user.session_count) == ("New@example.com", 1, 1)
    assert [one.kind for one in store.recorded] == ["account_created"]
    assert [one.user_id for one in gateway.services.adapters.audit.changes] == [user.user_id]


@pytest.mark.parametrize(
    ("age", "tries", "token", "expected"),
    [
        (0, 0, None, (200, "device_key")),
        (CODE_SECONDS - 1, 4, None, (200, "device_key")),
        (CODE_SECONDS, 0, None, (400, "invalid_code")),
        (0, 5, None, (400, "invalid_code")),
        (0, 0, "ghv_" + "A" * 43, (400, "invalid_code")),
        (0, 0, "", (400, "invalid_code")),
        (0, 0, "ünknown", (400, "invalid_code")),
    ],
)
def test_a_code_is_good_for_ten_minutes_five_tries_and_its_own_token(
    gateway: Gateway, age: int, tries: int, token: str | None, expected: tuple[int, str]
) -> None:
    verification, code = ask(gateway, "/accounts", email=NEW)
    for _ in range(tries):
        assert verify(gateway, verification, wrong(code)) == (400, "invalid_code")
    gateway.services.adapters.clock.advance(age)
    assert verify(gateway, verification if token is None else token, code) == expected


def test_a_code_of_another_request_or_another_form_does_not_fit(gateway: Gateway) -> None:
    first, code = ask(gateway, "/accounts", email=NEW)
    second, other = ask(gateway, "/accounts", email=NEW)
    for guess in (other, code + "0", code[:-1], " " + code, ""):
        assert verify(gateway, first, guess) == (400, "invalid_code")
    assert verify(gateway, second, other) == (200, "device_key")


def test_every_wrong_code_has_the_same_answer_and_the_same_calls(gateway: Gateway) -> None:
    verification, code = ask(gateway, "/accounts", email=NEW)
    store, answers = gateway.services.adapters.store, []
    for token, guess in ((verification, wrong(code)), ("ghv_nonsense", code), (verification[:-1], code)):
        store.calls.clear()
        answer = post(gateway, "/accounts/verify", verification=token, code=guess, password=NEW_PASSWORD)
        answers.append((answer.status, answer.text, dict(answer.headers), dict(store.calls)))
    assert json.loads(answers[0][1]) == INVALID_CODE
    assert answers[0][3] == {"charge": 1}
    assert answers.count(answers[0]) == len(answers)
    assert gateway.services.adapters.hasher.calls == []


def test_a_code_is_spent_by_its_success_and_by_nothing_else(gateway: Gateway) -> None:
    verification, code = ask(gateway, "/accounts", email="abcdefgh-new@example.com")
    for _ in range(9):
        assert verify(gateway, verification, code, "short") == (400, "password_too_short")
        refused = verify(gateway, verification, code, "abcdefgh-new@example.com")
        assert refused == (400, "password_contains_name")
    # What depends on the address is judged only once the code is right.
    assert verify(gateway, verification, wrong(code), "abcdefgh-new@example.com") == (400, "invalid_code")
    assert verify(gateway, verification, code) == (200, "device_key")
    assert verify(gateway, verification, code) == (400, "invalid_code")
    assert len(gateway.services.adapters.store.accounts) == 1


def test_of_several_verifications_of_one_address_the_first_right_code_wins(gateway: Gateway) -> None:
    first, code = ask(gateway, "/accounts", email=NEW)
    second, other = ask(gateway, "/accounts", email="NEW@example.com")
    assert verify(gateway, second, other) == (200, "device_key")
    assert verify(gateway, first, code) == (400, "invalid_code")
    (user,) = gateway.services.adapters.store.accounts.values()
    assert user.email == "NEW@example.com"


def test_no_answer_tells_whose_an_address_is(gateway: Gateway) -> None:
    account(gateway.services)
    account(gateway.services, "off@example.com", None)
    store, adapters = gateway.services.adapters.store, gateway.services.adapters
    off = store.names[next(one for one in store.names if one.canonical == "off@example.com")]
    gateway.services.administration.disable(off, "somebody")
    ask(gateway, "/accounts", email="pending@example.com")
    for number in range(20):
        store.calls.clear()
        gateway.services.adapters.clock.advance(1800 * (number == 5))
        post(gateway, "/accounts", email="blocked@example.com")
    seen, verification = [], ""
    for email in (NEW, EMAIL, "off@example.com", "pending@example.com", "blocked@example.com"):
        for path in ("/accounts", "/accounts/resend"):
            store.calls.clear()
            adapters.mail_queue.calls.clear()
            body = {"email": email} if path == "/accounts" else {"verification": verification}
            answer = post(gateway, path, **body)
            verification = answer.json["verification"]
            text = answer.text.replace(verification, "x" * len(verification))
            calls = dict(store.calls), dict(adapters.mail_queue.calls), adapters.hasher.calls[2:]
            seen.append((path, answer.status, text, dict(answer.headers), calls))
    assert seen[::2].count(seen[0]) == 5
    assert seen[1::2].count(seen[1]) == 5
    assert seen[0][4] == ({"look_up": 1, "write": 1}, {"enqueue": 1}, [])


def test_no_code_fits_a_taken_address(gateway: Gateway) -> None:
    account(gateway.services)
    before = dict(gateway.services.adapters.store.hashes)
    verification, code = ask(gateway, "/accounts", email=EMAIL)
    assert verify(gateway, verification, code) == (400, "invalid_code")
    assert gateway.services.adapters.store.hashes == before


def test_mails_to_one_address_are_limited_and_the_answer_stays_the_same(gateway: Gateway) -> None:
    queue, clock = gateway.services.adapters.mail_queue, gateway.services.adapters.clock

    def mailed() -> int:
        return sum(one.created_at == clock.now for one in queue.requests)

    for _ in range(9):
        assert post(gateway, "/accounts", email=NEW).status == 202
    assert (mailed(), len(queue.requests)) == (5, 9)
    verification, code = ask(gateway, "/accounts", email="NEW@EXAMPLE.COM")
    assert verify(gateway, verification, code) == (400, "invalid_code")
    assert post(gateway, "/accounts", email="other@example.com").status == 202
    assert mailed() == 6
    sent = 5
    for _ in range(30):
        clock.advance(3600)
        for _ in range(6):
            post(gateway, "/accounts", email=NEW)
        sent += mailed()
        if clock.now - 1_700_000_000 < 86_400:
            assert sent <= 20
    assert sent <= 40


def test_a_known_device_has_a_budget_of_its_own(gateway: Gateway) -> None:
    key = signed_up(gateway, NEW)
    stranger = signed_up(gateway, "stranger@example.com")
    for _ in range(9):
        post(gateway, "/accounts", email=NEW, device_key=stranger)
    verification, code = ask(gateway, "/accounts/resend", verification=_expired_budget(gateway, NEW, key))
    assert len(code) == 8
    assert verification


def _expired_budget(gateway: Gateway, email: str, key: str) -> str:
    """Return a verification that only a device could still ask for."""
    clock, queue = gateway.services.adapters.clock, gateway.services.adapters.mail_queue
    post(gateway, "/accounts", email=email)
    assert queue.requests[-1].created_at == clock.now - CODE_SECONDS
    for number in range(6):
        verification, _ = ask(gateway, "/accounts", email=email, device_key=key)
        assert (queue.requests[-1].created_at == clock.now) is (number < 5)
    return verification


def test_a_resend_voids_the_code_before_it_and_adds_no_try(gateway: Gateway) -> None:
    verification, code = ask(gateway, "/accounts", email=NEW)
    for _ in range(4):
        verify(gateway, verification, wrong(code))
    again, fresh = ask(gateway, "/accounts/resend", verification=verification)
    assert again == verification
    gateway.services.adapters.clock.advance(CODE_SECONDS - 1)
    assert verify(gateway, verification, fresh) == (200, "device_key")
    assert post(gateway, "/accounts/resend", verification=verification).json == INVALID_CODE


def test_the_code_before_a_resend_does_not_fit_and_uses_up_a_try(gateway: Gateway) -> None:
    verification, code = ask(gateway, "/accounts", email=NEW)
    for _ in range(4):
        verify(gateway, verification, wrong(code))
    ask(gateway, "/accounts/resend", verification=verification)
    assert verify(gateway, verification, code) == (400, "invalid_code")
    assert post(gateway, "/accounts/resend", verification=verification).json == INVALID_CODE


def test_a_resend_over_the_limit_leaves_the_code_as_it_is(gateway: Gateway) -> None:
    verification, code = ask(gateway, "/accounts", email=NEW)
    for _ in range(4):
        _, code = ask(gateway, "/accounts/resend", verification=verification)
    post(gateway, "/accounts/resend", verification=verification)
    assert verify(gateway, verification, code) == (200, "device_key")


def test_a_breach_voids_every_code(gateway: Gateway) -> None:
    verification, code = ask(gateway, "/accounts", email=NEW)
    adapters = gateway.services.adapters
    adapters.store.advance_epoch(adapters.keys.breach())
    assert verify(gateway, verification, code) == (400, "invalid_code")
