"""Tokens, codes and mail budgets as pure rules."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.verification.mail_budget import (
    DAILY_MAILS,
    DAY,
    DEVICE_SOURCE,
    HOUR,
    NETWORK_MAILS,
    MailBudget,
)
from chalicelib.domain.verification.verification import VerificationToken, new_code
from tests.adapters.verification_records import CODE, token, verification

REQUESTS = st.lists(
    st.tuples(st.integers(0, 2 * HOUR), st.sampled_from([DEVICE_SOURCE, "a", "b", "c", "d", "e"])),
    max_size=80,
)


@given(REQUESTS)
def test_no_hour_and_no_day_has_more_mails_than_the_limits_say(requests: list[tuple[int, str]]) -> None:
    budget, now, sent = MailBudget(), 10**9, list[tuple[int, str]]()
    for pause, source in requests:
        now += pause
        is_device = source == DEVICE_SOURCE
        hour = [at for at, by in sent if by == source and at > now - HOUR]
        day = [at for at, by in sent if (by == DEVICE_SOURCE) == is_device and at > now - DAY]
        revision = budget.revision
        budget, is_allowed = budget.charge(source, now)
        assert is_allowed == (len(hour) < NETWORK_MAILS and len(day) < DAILY_MAILS)
        assert budget.revision == revision + 1
        assert len(budget.mails) <= 2 * DAILY_MAILS
        if is_allowed:
            sent.append((now, source))


@given(st.binary(min_size=16, max_size=16))
def test_a_code_is_eight_digits(random: bytes) -> None:
    assert re.fullmatch(r"[0-9]{8}", new_code(random).reveal())


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_tried_as_token_and_as_code(text: str) -> None:
    presented = VerificationToken(text)
    assert len(presented.digest()) == 64
    assert not verification().fits(token(), text) or text == CODE
    assert not verification().fits(presented, CODE) or text == token().reveal()


def test_a_token_can_be_found_by_scanners_and_not_in_a_repr() -> None:
    assert re.fullmatch(r"ghv_[A-Za-z0-9_-]{43}", token().reveal())
    assert "ghv_" not in repr(token())
    assert str(verification().code_mac) not in repr(verification())


def test_a_code_fits_under_its_own_token_alone() -> None:
    assert verification().fits(token(), CODE)
    assert not verification().fits(token("laptop"), CODE)
    assert not verification("laptop").fits(token(), CODE)


@pytest.mark.parametrize(("tries", "age", "expected"), [(0, 0, True), (5, 0, False), (0, 600, False)])
def test_a_new_code_can_be_asked_for_while_there_are_tries(tries: int, age: int, expected: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    made = verification(tries=tries)
    assert made.may_be_renewed(made.created_at + age) is expected
