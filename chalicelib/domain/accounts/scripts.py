"""Checks against look-alike names: a name must be visible, of one script, with digits of one system.

This is an approximation of Unicode TR 39 §5.1 and §5.3 with the standard library, which has no table of
scripts. The Unicode name of a character begins with its script; the exceptions are listed here. Text is
checked in the form in which names are compared, in which full-width, mathematical and enclosed forms are
plain letters and digits.
"""

from __future__ import annotations

import re
import unicodedata

# Invisible, though Unicode counts them as letters, marks or symbols: fillers, inherent vowels, variation
# selectors, the grapheme joiner, the blank Braille pattern (Default_Ignorable_Code_Point and its like). The
# tatweel and its like only stretch the letter before them.
_INVISIBLE = re.compile(
    "[\u034f\u0640\u07fa\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
JOINERS = frozenset("\u200c\u200d")
_TWO_WORDS = frozenset({"OLD", "TAI", "LINEAR", "MEROITIC", "INSCRIPTIONAL"})
"""First words that several scripts share: the next word distinguishes these."""
_OTHER_NAMES = {"EXTENDED": "ARABIC", "IDEOGRAPHIC": "CJK", "HENTAIGANA": "HIRAGANA"}
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
"""Scripts of one written language: Japanese, Korean, Chinese (TR 39 §5.2, highly restrictive)."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_ACCENTED = frozenset({"LATIN", "GREEK", "CYRILLIC"})
_NUMERALS = frozenset({"Nl", "No"})


def has_invisible(text: str) -> bool:
    """Return whether text has invisible characters. The joiners that some scripts need are allowed."""
    return _INVISIBLE.search(text) is not None or any(
        unicodedata.category(char) == "Cf" and char not in JOINERS for char in text
    )


def is_plain(text: str) -> bool:
    """Return whether letters, digits and marks of a folded name are visible and of one script."""
    if _INVISIBLE.search(text) or any(unicodedata.category(char)[0] in "CZ" for char in text):
        return False
    return _are_marks_carried(text) and _is_one_number_system(text) and _is_one_script(text)


def _is_one_script(text: str) -> bool:
    scripts = {script for char in text if (script := _script_of(char))}
    if _ACCENTS.search(text) and not scripts <= _ACCENTED:
        return False
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)


def _is_one_number_system(text: str) -> bool:
    """Refuse mixed numbers (TR 39 §5.3): Arabic has two sets of digits that look alike."""
    digits = [char for char in text if unicodedata.category(char) == "Nd"]
    return len({ord(char) - unicodedata.decimal(char) for char in digits}) <= 1


def _are_marks_carried(text: str) -> bool:
    """Refuse a mark without a letter before it, which could hide or move, and numbers that are no digits."""
    before = ""
    for char in text:
        kind = unicodedata.category(char)
        if kind in _NUMERALS or (kind[0] == "M" and (before not in ("L", "M") or kind == "Me")):
            return False
        before = kind[0]
    return True


def _script_of(char: str) -> str | None:
    """Return the script of a letter, digit or mark; None for ASCII digits, accents and punctuation."""
    is_common = unicodedata.category(char)[0] not in "LMN" or (char.isascii() and char.isdigit())
    if is_common or _ACCENTS.match(char):
        return None
    words = re.split("[ -]", unicodedata.name(char, "UNKNOWN"))
    first = _OTHER_NAMES.get(words[0], words[0])
    return " ".join(words[:2]) if first in _TWO_WORDS else first
