"""Metadata of an account: a JSON object that administrators write and its user can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from chalicelib.domain.accounts.errors import InvalidAccount

MAX_METADATA_BYTES = 4 * 1024
"""Maximum size of the object as JSON without white space, in UTF-8."""
MAX_METADATA_DEPTH = 16
"""Maximum nesting, far below what a JSON parser or serializer of a client or of this service can process."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The object, as JSON without white space."""

    text: str = "{}"

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """Return the metadata of a decoded JSON object.

        Raises InvalidAccount if it is larger or deeper than allowed, or contains a number or text that JSON
        in UTF-8 cannot represent.
        """
        if _is_deeper(value, MAX_METADATA_DEPTH):
            raise InvalidAccount(
                description=f"The parameter metadata may be nested {MAX_METADATA_DEPTH} levels deep at most."
            )
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            size = len(text.encode())
        except ValueError as error:
            raise InvalidAccount(
                description="The parameter metadata has a number or text that JSON cannot represent."
            ) from error
        if size > MAX_METADATA_BYTES:
            raise InvalidAccount(
                description=f"The parameter metadata may have at most {MAX_METADATA_BYTES} bytes."
            )
        return cls(text)

    def value(self) -> dict[str, Any]:
        """Return the object."""
        decoded: dict[str, Any] = json.loads(self.text)
        return decoded


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, Mapping | list):
        return False
    inner = value.values() if isinstance(value, Mapping) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)
