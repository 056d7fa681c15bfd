"""Values that must never be shown: they have no `repr`, no `str` and no ordinary comparison."""

from __future__ import annotations

import hmac
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T", str, bytes)


class Secret(Generic[T]):
    """Holds a secret; `reveal` is the one door, so that every use can be found by its name.

    Equality is constant-time. Pickling and formatting are refused, because both are ways into a log.
    """

    __slots__ = ("_value",)

    _value: T

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return hmac.compare_digest(_as_bytes(self._value), _as_bytes(other._value))

    def __hash__(self) -> NoReturn:
        raise TypeError("secrets are not keys of a dictionary")

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not pickled")


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
