"""Domains of addresses, mapped by UTS 46 (non-transitional) to A-labels (RFC 5890 §2.3.2.1).

The one module that imports `idna`. It is imported only where an address is looked at: the authorizer, which
reads accounts, never loads these tables.
"""

from __future__ import annotations

import idna

from chalicelib.domain.accounts.scripts import JOINERS, has_invisible


def to_a_labels(domain: str) -> str | None:
    """Return a domain in the form in which it is stored and compared, or None where UTS 46 refuses it.

    Joiners, bidi and STD3 rules are checked, and the code points of IDNA 2008: a domain has no emoji.
    Invisible characters, which UTS 46 would drop, are refused: a look-alike never is the same name.
    """
    if has_invisible(domain):
        return None
    try:
        return idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return None


def visible_labels(a_labels: str) -> list[str]:
    """Return the labels of a mapped domain as people see them, without the joiners that were checked."""
    unicode = "".join(char for char in idna.decode(a_labels) if char not in JOINERS)
    return unicode.split(".")
