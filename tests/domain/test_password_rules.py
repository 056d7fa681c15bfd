"""Rules for a new password: length, common ones, the person's own names, breached ones; and nothing else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.password_errors import (
    InvalidPassword,
    PasswordBreached,
    PasswordContainsName,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
)
from chalicelib.domain.accounts.password_rules import NoBreachedPasswords, PasswordRules, comparable_form
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.errors import InvalidRequest

GOOD = "a kettle sings at noon"


@dataclass
class FakeList:
    """Holds passwords in their comparable form."""

    held: set[str] = field(default_factory=set)

    def contains(self, comparable: str) -> bool:
        return comparable in self.held


@dataclass
class FakeRange:
    """Knows some passwords, and remembers that it was asked."""

    known: set[str] = field(default_factory=set)
    asked: int = 0

    def contains(self, password: Password) -> bool:
        self.asked += 1
        return password.reveal() in self.known


def rules(
    *common: str, minimum: int = 15, breached: FakeRange | NoBreachedPasswords | None = None
) -> PasswordRules:
    held = FakeList({comparable_form(one) for one in common})
    return PasswordRules(minimum, held, breached or NoBreachedPasswords())


@pytest.mark.parametrize("text", [GOOD, " " * 15, "\U0001f511" * 15, "1" * 15, "\x00" * 15, "x" * 1024])
def test_any_characters_will_do(text: str) -> None:
    assert rules().accept(text).reveal() == text


@pytest.mark.parametrize("text", ["", "x" * 14, "\U0001f511" * 14, "e\u0301" * 14])
def test_length_is_counted_in_normalised_code_points(text: str) -> None:
    with pytest.raises(PasswordTooShort) as refusal:
        rules().accept(text)
    assert refusal.value.public_description == "The password must have at least 15 characters."


@pytest.mark.parametrize("text", ["x" * 1025, "\U0001f511" * 257, "x" * 10_000_000])
def test_more_than_1024_bytes_are_too_long(text: str) -> None:
    with pytest.raises(PasswordTooLong):
        rules().accept(text)


def test_text_without_a_utf8_form_is_malformed() -> None:
    with pytest.raises(InvalidRequest):
        rules().accept("\ud800" * 15)


@pytest.mark.parametrize(
    "spelling", ["monkey monkey monkey", "Monkey MONKEY monkey", "\uff4donkey monkey monkey"]
)
def test_a_common_password_is_refused_in_any_case(spelling: str) -> None:
    with pytest.raises(PasswordTooCommon):
        rules("monkey monkey monkey").accept(spelling)


def test_the_list_is_compared_whole() -> None:
    assert rules("monkey monkey monkey").accept("monkey monkey monkey and a kettle")


@pytest.mark.parametrize(
    "text",
    [
        "alice.liddell@example.com",
        "ALICE.Liddell@Example.COM",
        "alice.liddell@example.com!",
        "alice.liddellalice.liddell",
        "1alice.liddell2alice.liddell3",
        "WonderAlice-1865",
        "gatehouse-gatehouse",
        "Gatehouse2026Gatehouse",
    ],
)
def test_a_password_that_consists_of_names_is_refused(text: str) -> None:
    with pytest.raises(PasswordContainsName):
        rules().accept(text, ["alice.liddell@example.com", "WonderAlice"])


@pytest.mark.parametrize("text", ["alice.liddell fell down a well", "my gatehouse has a kettle"])
def test_a_name_in_a_longer_password_does_no_harm(text: str) -> None:
    assert rules().accept(text, ["alice.liddell@example.com", "WonderAlice"])


def test_a_short_name_is_only_compared_whole() -> None:
    assert rules().accept("lo lo lo lo lo lo", ["lo@example.com"])
    with pytest.raises(PasswordContainsName):
        rules(minimum=8).accept("lo@exam.ple", ["lo@exam.ple"])


def test_the_service_of_breached_passwords_is_asked_last_and_once() -> None:
    service = FakeRange({GOOD})
    with pytest.raises(PasswordBreached):
        rules(breached=service).accept(GOOD)
    with pytest.raises(PasswordTooShort):
        rules(breached=service).accept("short")
    with pytest.raises(PasswordContainsName):
        rules(breached=service).accept("alice.liddell@example.com", ["alice.liddell@example.com"])
    assert service.asked == 1


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in InvalidPassword.__subclasses__()]
    assert sorted(codes) == [
        "password_breached",
        "password_contains_name",
        "password_too_common",
        "password_too_long",
        "password_too_short",
    ]


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_accepted_or_refused_by_name(text: str, names: list[str]) -> None:
    with suppress(InvalidPassword, InvalidRequest):
        assert rules().accept(text, names) == Password.presented(text)
