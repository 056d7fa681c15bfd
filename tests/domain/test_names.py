"""Sign-in names: which spellings are one name."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.new_names import email_address
from tests.domain.look_alikes import INVISIBLE

DOMAINS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="abn09-.xX\u00fc\u00df\u200d\u0301\u05d0\u0663", max_size=20),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", max_size=20).map("xn--{}.com".format),
)


@given(st.text())
def test_folding_a_folded_name_changes_nothing(text: str) -> None:
    folded = SignInName.of(text)
    assert SignInName.of(folded.canonical) == folded


@pytest.mark.parametrize("plane", range(17))
def test_every_single_character_folds_to_a_fixed_point(plane: int) -> None:
    points = range(plane * 0x10000, min((plane + 1) * 0x10000, sys.maxunicode + 1))
    folded = {SignInName.of(chr(point)).canonical for point in points}
    assert {one for one in folded if SignInName.of(one).canonical != one} == set()


@given(st.text(alphabet=st.characters(blacklist_characters="@\ufe6b\uff20")))
def test_a_name_is_matched_in_every_normal_form_and_case_that_folds_alike(text: str) -> None:
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    assert {SignInName.of(form) for form in forms} == {SignInName.of(text)}
    assert SignInName.of(text.casefold()) == SignInName.of(text)


@given(DOMAINS)
def test_every_domain_has_one_form_and_a_stored_one_is_matched_as_it_is(domain: str) -> None:
    name = SignInName.of(f"a@{domain}")
    assert SignInName.of(name.canonical) == name
    for form in ("NFC", "NFD"):
        assert SignInName.of(f"a@{unicodedata.normalize(form, domain)}") == name
    try:
        stored = email_address(f"A@{domain}")
    except InvalidAccount:
        return
    assert stored.isascii()
    assert SignInName.of(stored) == name
    assert email_address(stored) == stored


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
        assert SignInName.of(f"a@{spelling}.com") != SignInName.of("a@alice.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A@m\u00fcller.example", "a@xn--mller-kva.example"),
        ("a@mu\u0308ller.example", "a@M\u00dcLLER.EXAMPLE"),
        ("\uff21\uff20xn--mller-kva.example", "a@m\u00fcller.example"),
        ("a@example\uff0ecom", "a@example.com"),
    ],
)
def test_spellings_of_one_domain_are_one_name(one: str, other: str) -> None:
    assert SignInName.of(one) == SignInName.of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a@stra\u00dfe.example", "a@strasse.example"),
        ("a@fa\u00df.example", "a@fass.example"),
        ("a@\u03c3\u03cc\u03c6\u03bf\u03c2.example", "a@\u03c3\u03cc\u03c6\u03bf\u03c3.example"),
        ("a@example.com.", "a@example.com"),
        ("a@example\u2024com", "a@example.com"),
        ("a@ex\u00adample.com", "a@example.com"),
        ("a@\u24d4xample.com ", "a@example.com"),
    ],
)
def test_domains_that_are_not_one_are_two_names(one: str, other: str) -> None:
    assert SignInName.of(one) != SignInName.of(other)
