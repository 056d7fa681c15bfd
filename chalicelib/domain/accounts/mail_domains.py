"""Domains of addresses, mapped by UTS 46 (non-transitional) to A-labels (RFC 5890 §2.3.2.1).

The one module that imports `idna`. It is imported only where an address is looked at: the authorizer, which
reads accounts, never loads these tables.
"""

from __future__ import annotations

import re

import idna

# CONTEXTJ (RFC 5892 appendix A) has been checked by then: between the letters of some scripts they are spelling.
_JOINERS = re.compile("[\u200c\u200d]")


def to_a_labels(domain: str) -> str | None:
    """Return a domain in the form in which it is stored and compared, or None where UTS 46 refuses it.

    Joiners, bidi and STD3 rules are checked, and the code points of IDNA 2008: a domain has no emoji.
    """
    try:
        return idna.encode(domain, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        return None


def visible_labels(a_labels: str) -> list[str]:
    """Return the labels of a mapped domain as people see them, without the joiners that were checked."""
    return [_JOINERS.sub("", label) for label in idna.decode(a_labels).split(".")]
