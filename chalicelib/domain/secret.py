"""Secret values: hidden from `repr` and `str`, and compared in constant time."""

from __future__ import annotations

import hmac
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T", str, bytes)


class Secret(Generic[T]):
    """A secret value. Only `reveal` returns it, so every use can be found by that name.

    Comparison takes constant time. `repr` and `str` hide the value, and pickling and hashing raise TypeError.
    """

    __slots__ = ("_value",)

    _value: T

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value."""
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
