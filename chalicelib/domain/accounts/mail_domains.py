"""Domains of addresses, mapped by UTS 46 (non-transitional) to A-labels (RFC 5890 §2.3.2.1).

The only module that imports `idna`. It is imported when an address is parsed, so the authorizer, which also
imports accounts, never loads these tables.
"""

from __future__ import annotations

import idna

from chalicelib.domain.accounts.scripts import JOINERS, has_invisible


def to_a_labels(domain: str) -> str | None:
    """Return the stored and compared form of a domain, or None if UTS 46 rejects it.

    Joiners, bidi and STD3 rules and the code points of IDNA 2008 are checked, so emoji are rejected.
    Invisible characters, which UTS 46 would drop, are rejected, too: a look-alike must not be the same name.
    """
    if has_invisible(domain):
        return None
    try:
        return idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return None


def visible_labels(a_labels: str) -> list[str]:
    """Return the labels of a mapped domain in Unicode, without joiners."""
    unicode = "".join(char for char in idna.decode(a_labels) if char not in JOINERS)
    return unicode.split(".")
