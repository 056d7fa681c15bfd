"""Sign-in names: when two spellings of an e-mail address or a user name are one.

User names and the part of an address before the `@` are compared after Unicode NFKC and case folding,
domains after the mapping of UTS 46. Nothing else is folded: white space stays, and look-alikes (zero-width
characters, letters of another script) stay different names, so that no one can sign in, or be mailed, as
somebody who only looks the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_MATCHED_LENGTH = 2048
"""Characters of a name as typed that is folded. A longer one names nobody: no account has a name of more than
254, and folding takes quadratic time."""
# Every character that NFKC makes an at sign of: a domain is mapped as it was typed, so it is cut off before.
_AT = re.compile("[@\ufe6b\uff20]")
_UNMAPPED = "\x00"
"""Marks a domain that UTS 46 refuses; no account has it in a name."""


@dataclass(frozen=True, slots=True)
class SignInName:
    """A sign-in name in the form in which names are compared."""

    canonical: str

    @classmethod
    def of(cls, presented: str) -> SignInName:
        """Fold what someone typed. Any string has a form; most name nobody, such as a very long one."""
        if len(presented) > MAX_MATCHED_LENGTH:
            return cls(presented)
        at = max((found.start() for found in _AT.finditer(presented)), default=None)
        if at is None:
            return cls(_folded(presented))
        # Here, because the authorizer reads accounts, and neither maps a domain nor waits for the tables.
        from chalicelib.domain.accounts.mail_domains import to_a_labels

        domain = presented[at + 1 :]
        mapped = to_a_labels(domain) or _UNMAPPED + _folded(domain).lstrip(_UNMAPPED)
        return cls(f"{_folded(presented[:at])}@{mapped}")


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    # Case folding can undo NFKC and NFKC can bring back capitals; two rounds reach a fixed point.
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", folded.casefold())
    return folded
