"""Sign-in names: e-mail addresses and user names, matched without surprise.

Two spellings are one name when they are equal after Unicode NFKC and case folding. Nothing else is
folded: white space stays, and look-alikes (zero-width characters, letters of another script) stay
different names, so that no one can sign in, or be mailed, as somebody who only looks the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidAccount

MAX_EMAIL_LENGTH = 254
"""Characters of an e-mail address (RFC 5321 §4.5.3.1, as corrected by erratum 1690)."""
MAX_USERNAME_LENGTH = 64
"""Characters of a user name."""
MAX_MATCHED_LENGTH = 2048
"""Characters of a name, as typed, that is folded. No spelling of an account's name is longer, and folding
takes quadratic time."""

_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?:[^\s@.\"(),:;<>\[\]\\]+\.)+[^\s@.\"(),:;<>\[\]\\]+")
# Invisible, though Unicode counts them as letters, marks or symbols: fillers, inherent vowels, variation
# selectors, the grapheme joiner, the blank Braille pattern (Default_Ignorable_Code_Point and its like).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


@dataclass(frozen=True, slots=True)
class SignInName:
    """A sign-in name in the form in which names are compared."""

    canonical: str

    @classmethod
    def of(cls, presented: str) -> SignInName:
        """Fold what someone typed. Any string has a form; most name nobody, such as a very long one."""
        if len(presented) > MAX_MATCHED_LENGTH:
            return cls(presented)
        folded = unicodedata.normalize("NFKC", presented)
        # Case folding can undo NFKC and NFKC can bring back capitals; two rounds reach a fixed point.
        for _ in range(2):
            folded = unicodedata.normalize("NFKC", folded.casefold())
        return cls(folded)


def email_address(presented: str) -> str:
    """Return an address fit for an account, NFC-normalised and otherwise as written.

    Raises InvalidAccount where it is not of the form local@domain or holds look-alike characters.
    """
    address = unicodedata.normalize("NFC", presented)
    folded = SignInName.of(address).canonical
    if max(len(address), len(folded)) > MAX_EMAIL_LENGTH or not _EMAIL.fullmatch(folded):
        raise InvalidAccount(description="The e-mail address is not of the form name@example.com.")
    if any(not _is_plain(part) for part in re.split(r"[@.]", folded)):
        raise InvalidAccount(description="The e-mail address mixes scripts or has invisible characters.")
    return address


def username(presented: str) -> str:
    """Return a user name fit for an account, NFC-normalised.

    Raises InvalidAccount where it is not letters, digits and `. _ -` of one script. An `@` is refused so
    that nobody can take, as a user name, an address that another person will sign up with.
    """
    name = unicodedata.normalize("NFC", presented)
    folded = SignInName.of(name).canonical
    if not 1 <= len(folded) <= MAX_USERNAME_LENGTH or len(name) > MAX_USERNAME_LENGTH:
        raise InvalidAccount(description=f"The user name must have 1 to {MAX_USERNAME_LENGTH} characters.")
    if not all(char in "._-" or unicodedata.category(char)[0] in "LNM" for char in folded):
        raise InvalidAccount(description="The user name may have letters, digits, dots, dashes, underscores.")
    if not _is_plain(folded):
        raise InvalidAccount(description="The user name mixes scripts or has invisible characters.")
    return name


def _is_plain(text: str) -> bool:
    """Tell whether text is visible and its letters are of one script (Unicode TR 39, in outline)."""
    if _INVISIBLE.search(text) or any(unicodedata.category(char)[0] in "CZ" for char in text):
        return False
    letters = (char for char in text if unicodedata.category(char)[0] == "L")
    scripts = {unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0] for char in letters}
    # Japanese and Korean are written in several scripts at once; a Latin letter among them is no look-alike.
    return len(scripts) <= 1 or scripts <= {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "LATIN"}
