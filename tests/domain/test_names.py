"""Sign-in names: which spellings are one name, and which may be taken at all."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.names import (
    MAX_EMAIL_LENGTH,
    MAX_USERNAME_LENGTH,
    SignInName,
    email_address,
    username,
)
from chalicelib.domain.errors import InvalidAccount

INVISIBLE = {
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "right-to-left override": "\u202e",
    "combining grapheme joiner": "\u034f",
    "hangul filler": "\u3164",
    "half-width hangul filler": "\uffa0",
    "hangul choseong filler": "\u115f",
    "khmer inherent vowel": "\u17b4",
    "mongolian variation selector": "\u180b",
    "variation selector": "\ufe0f",
    "variation selector supplement": "\U000e0100",
    "blank braille pattern": "\u2800",
    "tag letter": "\U000e0061",
    "nul": "\x00",
    "escape": "\x1b",
}
MIXED = {
    "cyrillic a": "\u0430lice",
    "greek omicron": "b\u03bfb",
    "armenian o": "b\u0585b",
    "cherokee": "\u13a0dam",
}


@given(st.text())
def test_folding_a_folded_name_changes_nothing(text: str) -> None:
    folded = SignInName.of(text)
    assert SignInName.of(folded.canonical) == folded


@pytest.mark.parametrize("plane", range(17))
def test_every_single_character_folds_to_a_fixed_point(plane: int) -> None:
    points = range(plane * 0x10000, min((plane + 1) * 0x10000, sys.maxunicode + 1))
    folded = {SignInName.of(chr(point)).canonical for point in points}
    assert {one for one in folded if SignInName.of(one).canonical != one} == set()


@given(st.text())
def test_a_name_is_matched_in_every_normal_form_and_case_that_folds_alike(text: str) -> None:
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    assert {SignInName.of(form) for form in forms} == {SignInName.of(text)}
    assert SignInName.of(text.casefold()) == SignInName.of(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice@Example.com", "alice@example.COM"),
        ("\uff41\uff4c\uff49\uff43\uff45", "alice"),
        ("\uff21\uff2c\uff29\uff23\uff25\uff20example.com", "alice@example.com"),
        ("stra\u00dfe", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("\ufb01nn", "finn"),
        ("\u212bngstr\u00f6m", "\u00e5ngstro\u0308m"),
        ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3"),
    ],
)
def test_spellings_equal_under_nfkc_and_case_folding_are_one_name(one: str, other: str) -> None:
    assert SignInName.of(one) == SignInName.of(other)


@pytest.mark.parametrize("white", [" ", "\t", "\n", "  "])
def test_white_space_is_kept(white: str) -> None:
    plain = SignInName.of("alice")
    assert SignInName.of(f"{white}alice") != plain
    assert SignInName.of(f"alice{white}") != plain
    assert SignInName.of(f"ali{white}ce") != plain


@pytest.mark.parametrize("char", INVISIBLE.values(), ids=INVISIBLE)
def test_an_invisible_character_never_matches_the_name_without_it(char: str) -> None:
    for spelling in (f"{char}alice", f"ali{char}ce", f"alice{char}"):
        assert SignInName.of(spelling) != SignInName.of("alice")


@pytest.mark.parametrize("char", INVISIBLE.values(), ids=INVISIBLE)
def test_an_invisible_character_is_in_no_account(char: str) -> None:
    for name in (f"{char}alice", f"ali{char}ce", f"alice{char}", char):
        with pytest.raises(InvalidAccount):
            username(name)
        with pytest.raises(InvalidAccount):
            email_address(f"{name}@example.com")
        with pytest.raises(InvalidAccount):
            email_address(f"alice@{name}.com")


@pytest.mark.parametrize("name", MIXED.values(), ids=MIXED)
def test_mixed_scripts_are_in_no_account(name: str) -> None:
    with pytest.raises(InvalidAccount):
        username(name)
    with pytest.raises(InvalidAccount):
        email_address(f"{name}@example.com")
    with pytest.raises(InvalidAccount):
        email_address(f"alice@{name}.com")


@pytest.mark.parametrize(
    "name",
    ["alice", "Alice-B_c.9", "\u0430\u043b\u0438\u0441\u0430", "\u5c71\u7530\u306f\u306a\u3053", "zo\u00eb"],
)
def test_a_user_name_of_one_script_is_taken_as_written(name: str) -> None:
    assert username(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a b", " alice", "alice@example.com", "a/b", "a\nb", "x" * 65, "\ufdfa" * 4, "al!ce", "a,b"],
)
def test_a_user_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(InvalidAccount):
        username(name)


def test_a_user_name_may_be_as_long_as_its_bound() -> None:
    assert username("x" * MAX_USERNAME_LENGTH) == "x" * MAX_USERNAME_LENGTH


def test_a_user_name_that_folds_to_an_address_is_refused() -> None:
    """NFKC turns a full-width at sign into `@`, and no user name may fold to somebody's address."""
    with pytest.raises(InvalidAccount):
        username("alice\uff20example")


@pytest.mark.parametrize(
    "address",
    [
        "alice@example.com",
        "Alice.B+tag@mail.example.co.uk",
        "\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.com",
    ],
)
def test_an_address_is_taken_as_written(address: str) -> None:
    assert email_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "alice",
        "alice@",
        "@example.com",
        "alice@example",
        "a b@example.com",
        " alice@example.com",
        "alice@example.com ",
        "alice@example.com\n",
        "alice@@example.com",
        "alice@ex@ample.com",
        "alice@.com",
        "alice@example..com",
        "<alice@example.com>",
        '"alice"@example.com',
        "alice@example.com,bob@example.com",
        "alice@example.com\r\nBcc: bob@example.com",
        "x" * 65 + "@example.com",
    ],
)
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(InvalidAccount):
        email_address(address)


def test_an_address_may_be_as_long_as_its_bound() -> None:
    tail = ".com"
    local = "x" * 64 + "@"
    fits = local + "y" * (MAX_EMAIL_LENGTH - len(local) - len(tail)) + tail
    assert email_address(fits) == fits
    with pytest.raises(InvalidAccount):
        email_address(local + "y" + fits.removeprefix(local))


@given(st.text(max_size=300))
def test_judging_any_text_ends_in_a_name_or_in_a_refusal(text: str) -> None:
    for judge in (username, email_address):
        try:
            taken = judge(text)
        except InvalidAccount:
            continue
        assert SignInName.of(taken) == SignInName.of(text)
