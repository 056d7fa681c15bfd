"""The key under which sign-in names are digested: a copy of the table does not tell what was typed."""

from __future__ import annotations

import hmac

from chalicelib.domain.secret import Secret

MINIMUM_NAME_KEY_CHARACTERS = 32
_DERIVATION = b"gatehouse: key of sign-in names"


class NameKey(Secret[bytes]):
    """An HMAC-SHA-256 key. Rotations of the signing key keep it: with a new one every count begins anew."""

    __slots__ = ()

    @classmethod
    def derived_from(cls, material: Secret[bytes]) -> NameKey:
        """Return the name key of a secret that has none of its own, as the first version made by AWS has."""
        return cls(hmac.digest(material.reveal(), _DERIVATION, "sha256").hex().encode())

    def digest(self, purpose: str, *parts: str) -> bytes:
        """Return the HMAC-SHA-256 of `parts`; digests of different purposes have nothing in common.

        Any string has a digest, also one with lone surrogates.
        """
        # Each part is preceded by its length, so that no two lists of parts are one message.
        encoded = [part.encode("utf-8", "surrogatepass") for part in (purpose, *parts)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
        return hmac.digest(self.reveal(), message, "sha256")
