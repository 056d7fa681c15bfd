"""The HMAC key for digests of sign-in names, so that a copy of the table does not reveal typed names."""

from __future__ import annotations

import hmac

from chalicelib.domain.secret import Secret

MINIMUM_NAME_KEY_CHARACTERS = 32
_DERIVATION = b"gatehouse: key of sign-in names"


class NameKey(Secret[bytes]):
    """An HMAC-SHA-256 key. A rotation of the signing key keeps it: a new one would reset every count."""

    __slots__ = ()

    @classmethod
    def derived_from(cls, material: Secret[bytes]) -> NameKey:
        """Return the name key for a secret without one, such as the first version, which AWS generates."""
        return cls(hmac.digest(material.reveal(), _DERIVATION, "sha256").hex().encode())

    def digest(self, purpose: str, *parts: str) -> bytes:
        """Return the HMAC-SHA-256 of `parts`, independent for each `purpose`.

        Any string has a digest, even one with lone surrogates.
        """
        # Each part is preceded by its length, so that different lists of parts give different messages.
        encoded = [part.encode("utf-8", "surrogatepass") for part in (purpose, *parts)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
        return hmac.digest(self.reveal(), message, "sha256")
