"""bcrypt as the password hasher."""

from __future__ import annotations

import base64
import hmac
import re

import bcrypt

from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.deadline import require_time
from chalicelib.domain.ports import PasswordCheck, Verdict

DEFAULT_COST = 12
"""log2 of the rounds: about 250 ms on one core of 2024 (OWASP recommends at least 10)."""
TEST_COST = 4
"""The minimum of bcrypt; for tests only."""
MAX_COST = 16
"""Maximum cost of a stored hash: checking a more expensive one would take minutes."""
BCRYPT_BYTES = 72
"""bcrypt uses no further bytes; its Python library rejects longer input."""

_HASH = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}")
_LABEL = b"gatehouse: password that bcrypt does not take whole"


class BcryptHasher:
    """Hashes with `cost`; every failed sign-in costs `failed_cost`, with any stored hash.

    Both are log2 of the rounds, and `failed_cost` is at least `cost`. A more expensive stored hash cannot be
    checked for less, so if you lower `cost`, pass its former value as `failed_cost`; `accepts` rejects such
    hashes from other systems.

    Up to 72 bytes the hash is plain bcrypt, which other systems can read. A longer password, or one with a
    NUL, goes through HMAC-SHA-384 first. The key of this HMAC is a public label: it keeps a leaked plain
    digest of the same password from being usable as a password here.
    """

    def __init__(self, cost: int = DEFAULT_COST, failed_cost: int = 0) -> None:
        self._cost = cost
        self._failed_cost = failed_cost or cost

    def hash(self, password: Password) -> PasswordHash:
        """Return a new hash with a new salt. Raises Unavailable after the request's deadline."""
        require_time()
        return PasswordHash(bcrypt.hashpw(_material(password), bcrypt.gensalt(self._cost)).decode())

    def check(
        self, password: Password, stored: PasswordHash | None, *, fails_anyway: bool = False
    ) -> PasswordCheck:
        """Compare in constant time. A stored hash that is unreadable is CORRUPT, not an exception.

        Raises Unavailable after the request's deadline, with any stored hash or none.
        """
        require_time()
        cost = _cost_of(stored)
        if stored is None or cost is None:
            self._spend(password, self._failed_cost)
            return PasswordCheck(Verdict.MISMATCH if stored is None else Verdict.CORRUPT)
        try:
            matches = bcrypt.checkpw(_material(password), stored.reveal().encode())
        except ValueError:
            self._spend(password, self._failed_cost)
            return PasswordCheck(Verdict.CORRUPT)
        if fails_anyway or not matches:
            # Checking a cheaper hash would be faster than an unknown name. 2^c + (2^c + … + 2^(C-1)) = 2^C.
            for missing in range(cost, self._failed_cost):
                self._spend(password, missing)
        return PasswordCheck(Verdict.MATCH if matches else Verdict.MISMATCH, is_outdated=cost != self._cost)

    def accepts(self, stored: PasswordHash) -> bool:
        """Return whether a hash from another system may be stored."""
        cost = _cost_of(stored)
        return cost is not None and cost <= self._failed_cost

    @staticmethod
    def _spend(password: Password, cost: int) -> None:
        bcrypt.hashpw(_material(password), bcrypt.gensalt(max(cost, TEST_COST)))


def _cost_of(stored: PasswordHash | None) -> int | None:
    match = _HASH.fullmatch(stored.reveal()) if stored else None
    cost = int(match["cost"]) if match else 0
    return cost if TEST_COST <= cost <= MAX_COST else None


def _material(password: Password) -> bytes:
    raw = password.reveal().encode()
    # bcrypt repeats the password and a NUL, so "a" and "a", NUL, "a" would have the same hash.
    if len(raw) <= BCRYPT_BYTES and b"\0" not in raw:
        return raw
    return base64.b64encode(hmac.digest(_LABEL, raw, "sha384"))
