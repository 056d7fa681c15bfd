"""Password hashing: every byte counts, nothing is an exception, and every check costs the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters import bcrypt_hasher
from chalicelib.adapters.bcrypt_hasher import BCRYPT_BYTES, MAX_COST, TEST_COST, BcryptHasher
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.ports import PasswordCheck, Verdict

MATCH = PasswordCheck(Verdict.MATCH)
MISMATCH = PasswordCheck(Verdict.MISMATCH)
CORRUPT = PasswordCheck(Verdict.CORRUPT)

hasher = BcryptHasher(TEST_COST)


def check(presented: str, hashed: str) -> PasswordCheck:
    return hasher.check(Password.presented(presented), hasher.hash(Password.presented(hashed)))


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery",
        "x" * 71,
        "x" * 72,
        "x" * 73,
        "x" * 1024,
        "\U0001f600" * 18,
        "\U0001f600" * 19,
        "\U0001f600" * 256,
        "\x00" * 20,
        "nul\x00in the middle",
        " \t\n" * 7,
        "\u05d0\u05e2" * 20,
        "",
    ],
    ids=lambda text: f"{len(text.encode())} bytes of {text[:5]!r}",
)
def test_a_password_matches_its_own_hash(text: str) -> None:
    assert check(text, text) == MATCH


@pytest.mark.parametrize("length", [71, 72, 73, 74, 100, 1023, 1024])
def test_the_last_byte_counts_and_so_does_one_more_or_less(length: int) -> None:
    text = "x" * length
    assert check(text[:-1] + "y", text) == MISMATCH
    assert check(text[:-1], text) == MISMATCH
    if length < 1024:
        assert check(text + "x", text) == MISMATCH


def test_what_follows_a_nul_counts() -> None:
    assert check("secret\x00one", "secret\x00two") == MISMATCH
    assert check("secret", "secret\x00two") == MISMATCH
    assert check("\x00" * 15, "\x00" * 16) == MISMATCH
    assert check("secret", "secret\x00secret") == MISMATCH
    assert check("secret", "secret\x00") == MISMATCH
    assert check("x" * 80 + "\x00a", "x" * 80 + "\x00b") == MISMATCH


@given(st.text(max_size=120), st.text(max_size=120))
@settings(max_examples=60, deadline=None, database=None)
def test_two_passwords_match_where_they_are_the_same_and_nowhere_else(one: str, two: str) -> None:
    first, second = Password.presented(one), Password.presented(two)
    verdict = hasher.check(first, hasher.hash(second)).verdict
    assert (verdict is Verdict.MATCH) == (first.reveal() == second.reveal())


@given(st.integers(0, 119), st.integers(0, 6))
@settings(max_examples=60, deadline=None, database=None)
def test_every_bit_of_a_long_password_counts(at: int, bit: int) -> None:
    text = "k" * 120
    changed = text[:at] + chr(ord("k") ^ (1 << bit)) + text[at + 1 :]
    assert check(changed, text) == MISMATCH


def test_two_spellings_of_one_character_are_one_password() -> None:
    assert check("caf\u00e9 caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301 cafe\u0301") == MATCH
    assert check("\u212bngstr\u00f6m" * 12, "A\u030angstro\u0308m" * 12) == MATCH
    assert check("\ufb01ne print, fine print", "fine print, fine print") == MISMATCH


def test_case_and_white_space_count() -> None:
    for other in ("Correct horse", "correct horse ", " correct horse", "correct  horse"):
        assert check(other, "correct horse") == MISMATCH


@pytest.mark.parametrize("text", ["correct horse battery", "x" * BCRYPT_BYTES, "\U0001f600" * 18])
def test_up_to_72_bytes_the_hash_is_plain_bcrypt_that_any_system_can_check(text: str) -> None:
    stored = hasher.hash(Password.presented(text)).reveal()
    assert stored.startswith(f"$2b$0{TEST_COST}$")
    assert bcrypt.checkpw(text.encode(), stored.encode())
    assert hasher.check(Password.presented(text), PasswordHash(stored.replace("$2b$", "$2a$"))) == MATCH


def test_beyond_72_bytes_the_first_72_are_not_the_password() -> None:
    stored = hasher.hash(Password.presented("x" * 80)).reveal()
    assert not bcrypt.checkpw(b"x" * BCRYPT_BYTES, stored.encode())


def test_two_hashes_of_one_password_differ() -> None:
    password = Password.presented("correct horse battery")
    assert hasher.hash(password).reveal() != hasher.hash(password).reveal()


# Fixed, so that every worker collects the same cases.
GOOD = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS"


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "correct horse battery",
        "$2b$",
        GOOD[:-1],
        GOOD + "x",
        GOOD + "\n",
        " " + GOOD,
        GOOD.replace("$2b$", "$1$"),
        GOOD.replace("$2b$", "$2x$"),
        GOOD.replace("$04$", "$03$"),
        GOOD.replace("$04$", "$00$"),
        GOOD.replace("$04$", "$99$"),
        GOOD.replace("$04$", f"${MAX_COST + 1}$"),
        GOOD.replace("$04$", "$\u0660\u0664$"),
        GOOD[:-5] + "\u00e9" * 5,
        GOOD[:7] + "*" * 53,
        GOOD[:7] + "." * 53,
        "\x00" * 60,
        "\ud800" * 60,
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b",
    ],
    ids=repr,
)
def test_an_unreadable_hash_is_corrupt_and_never_matches(stored: str) -> None:
    verdict = hasher.check(Password.presented("correct horse battery"), PasswordHash(stored)).verdict
    assert verdict in {Verdict.CORRUPT, Verdict.MISMATCH}
    # A hash of the right form may be nobody's; only what has no such form is corrupt.
    assert verdict is Verdict.CORRUPT or stored == GOOD[:7] + "." * 53


@given(st.text(max_size=80))
@settings(max_examples=150, deadline=None, database=None)
def test_no_stored_text_is_an_exception_or_a_match(stored: str) -> None:
    assert hasher.check(Password.presented("correct horse battery"), PasswordHash(stored)) == CORRUPT


def test_a_match_reports_a_hash_with_another_cost_than_the_setting() -> None:
    password = Password.presented("correct horse battery")
    at = {cost: BcryptHasher(cost).hash(password) for cost in (4, 5, 6)}
    today = BcryptHasher(5)
    assert today.check(password, at[4]) == PasswordCheck(Verdict.MATCH, is_outdated=True)
    assert today.check(password, at[5]) == MATCH
    assert today.check(password, at[6]) == PasswordCheck(Verdict.MATCH, is_outdated=True)


class CountingBcrypt:
    """bcrypt, with the work of each call written down: 2^cost rounds."""

    def __init__(self) -> None:
        self.work = 0
        self.module = SimpleNamespace(hashpw=self._hashpw, checkpw=self._checkpw, gensalt=bcrypt.gensalt)

    def _hashpw(self, password: bytes, salt: bytes) -> bytes:
        self.work += 2 ** int(salt[4:6])
        return bcrypt.hashpw(password, salt)

    def _checkpw(self, password: bytes, stored: bytes) -> bool:
        matches = bcrypt.checkpw(password, stored)
        self.work += 2 ** int(stored[4:6])
        return matches


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingBcrypt:
    """Nothing but the calls themselves tells what they cost, and a port would hide them."""
    counting = CountingBcrypt()
    monkeypatch.setattr(bcrypt_hasher, "bcrypt", counting.module)
    return counting


COST = 7


FAILED = 8


@pytest.mark.parametrize("presented", ["wrong password", "x" * 200])
@pytest.mark.parametrize(
    ("failed_cost", "stored_cost"),
    [(cost, stored) for cost in (0, FAILED) for stored in (None, 4, 5, 7)] + [(FAILED, FAILED)],
)
def test_every_mismatch_does_the_same_work(
    counting: CountingBcrypt, presented: str, failed_cost: int, stored_cost: int | None
) -> None:
    right = Password.presented("right password")
    stored = None if stored_cost is None else BcryptHasher(stored_cost).hash(right)
    counting.work = 0
    BcryptHasher(COST, failed_cost).check(Password.presented(presented), stored)
    assert counting.work == 2 ** (failed_cost or COST)


@pytest.mark.parametrize("stored_cost", [4, 7, 8])
def test_a_match_that_fails_anyway_costs_as_much_and_one_that_succeeds_no_more_than_it_must(
    counting: CountingBcrypt, stored_cost: int
) -> None:
    right = Password.presented("right password")
    stored, hasher = BcryptHasher(stored_cost).hash(right), BcryptHasher(COST, FAILED)
    counting.work = 0
    assert hasher.check(right, stored, fails_anyway=True).verdict is Verdict.MATCH
    assert counting.work == 2**FAILED
    counting.work = 0
    assert hasher.check(right, stored).verdict is Verdict.MATCH
    assert counting.work == 2**stored_cost


@pytest.mark.parametrize("stored", ["", "nonsense", GOOD[:-1], GOOD[:7] + "*" * 53])
def test_a_corrupt_hash_costs_as_much(counting: CountingBcrypt, stored: str) -> None:
    BcryptHasher(COST, FAILED).check(Password.presented("right password"), PasswordHash(stored))
    assert counting.work == 2**FAILED


def test_a_hash_from_elsewhere_is_taken_where_a_failed_sign_in_hides_what_it_costs() -> None:
    password = Password.presented("right password")
    at = {cost: BcryptHasher(cost).hash(password) for cost in (4, 5, 6)}
    assert [BcryptHasher(4, 5).accepts(at[cost]) for cost in (4, 5, 6)] == [True, True, False]
    assert [BcryptHasher(5).accepts(at[cost]) for cost in (4, 5, 6)] == [True, True, False]
    assert not BcryptHasher(5).accepts(PasswordHash("$argon2id$v=19$m=65536"))


def test_neither_password_nor_hash_is_shown(counting: CountingBcrypt) -> None:
    shown: list[Any] = [Password.presented("PRIVATE"), hasher.hash(Password.presented("PRIVATE"))]
    assert all("PRIVATE" not in repr(one) and "$2b$" not in repr(one) for one in shown)
