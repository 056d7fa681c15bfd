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
"""log2 of the rounds: about 250 ms of one core of 2024 (OWASP asks for 10 at least)."""
TEST_COST = 4
"""The least that bcrypt takes; for tests only."""
MAX_COST = 16
"""A stored hash beyond this is not ours: checking it would hold a function for minutes."""
BCRYPT_BYTES = 72
"""bcrypt looks at no more; its Python library refuses longer input."""

_HASH = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}")
_LABEL = b"gatehouse: password that bcrypt does not take whole"


class BcryptHasher:
    """Hashes at `cost`, and makes every sign-in that fails cost `failed_cost`, whatever is stored.

    Both are log2 of the rounds, and `failed_cost` is not below `cost`. A stored hash dearer than that cannot
    be checked for less, so whoever lowers `cost` keeps the former one as `failed_cost`; `accepts` refuses
    such a hash from elsewhere.

    Up to 72 bytes the hash is plain bcrypt, so that it can be taken along to any other system. A longer
    password, or one with a NUL in it, goes through HMAC-SHA-384 first. That key is no secret; it is a label,
    so that a digest of the same password leaked elsewhere is not a password here.
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

        Raises Unavailable after the request's deadline, whatever is stored.
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
            # A cheaper hash would answer sooner than an unknown name. 2^c + (2^c + … + 2^(C-1)) = 2^C.
            for remaining in range(cost, self._failed_cost):
                self._spend(password, remaining)
        return PasswordCheck(Verdict.MATCH if matches else Verdict.MISMATCH, is_outdated=cost != self._cost)

    def accepts(self, stored: PasswordHash) -> bool:
        """Tell whether a hash made elsewhere may be stored."""
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
    # bcrypt repeats a password, each time with a NUL behind it: to it, "a" and "a", NUL, "a" are the same.
    if len(raw) <= BCRYPT_BYTES and b"\0" not in raw:
        return raw
    return base64.b64encode(hmac.digest(_LABEL, raw, "sha384"))
