"""Sign-in names: which spellings of an e-mail address or a user name are the same name.

User names and the part of an address before the `@` are compared after Unicode NFKC and case folding, domains
after the mapping of UTS 46. Nothing else is folded: white space is significant, and look-alikes (zero-width
characters, letters of another script) are different names, so that nobody can sign in or receive mail in
place of a user whose name only looks the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_MATCHED_LENGTH = 2048
"""Maximum number of characters that are folded, which takes quadratic time. No account has a name of this
length, so a longer one matches none."""
# Every character that NFKC maps to an at sign. The domain is split off before NFKC, since UTS 46 maps it.
_AT = re.compile("[@\ufe6b\uff20]")
_UNMAPPED = "\x00"
"""Marks a domain that UTS 46 rejects; no name of an account contains it."""


@dataclass(frozen=True, slots=True)
class SignInName:
    """A sign-in name in canonical form."""

    canonical: str

    @classmethod
    def of(cls, presented: str) -> SignInName:
        """Return the canonical form of any string. No string is rejected."""
        if len(presented) > MAX_MATCHED_LENGTH:
            return cls(presented)
        at = max((found.start() for found in _AT.finditer(presented)), default=None)
        if at is None:
            return cls(_folded(presented))
        # Imported here, since the authorizer imports this module and must not load the tables of `idna`.
        from chalicelib.domain.accounts.mail_domains import to_a_labels

        domain = presented[at + 1 :]
        mapped = to_a_labels(domain) or _UNMAPPED + _folded(domain).lstrip(_UNMAPPED)
        return cls(f"{_folded(presented[:at])}@{mapped}")


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    # Case folding can undo NFKC, and NFKC can restore capitals; two rounds reach a fixed point.
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", folded.casefold())
    return folded
