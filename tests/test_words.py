"""Code and documentation use the terms of the field: words that were replaced do not return."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.source_modules import ROOT, is_own

REPLACED = {
    r"\bhouses?\b": "services",
    r"\bworlds?\b": "adapters",
    r"\bdoors?\b": "route, error handler",
    r"\bpatience\b": "retry",
    r"\bg(?:ive|ives|iving) way\b": "evict",
    r"\bnobody's\b|\bno one's\b": "say whose, or leave it out",
    r"\bone's own\b": "the user's own",
    r"\bparted by\b": "separated by",
    r"\bbelongs? into\b": "belongs in",
    r"\bat the most\b": "at most",
    r"\bit is told\b|\bis told in one\b": "is reported",
    r"\bthrow-?away\b": "temporary",
    r"\bas it stands\b|\bno longer stands?\b|\bstands? again\b": "active",
    r"\ba services\b|\bthe services (?:says|stands|works)\b": "the services say, …",
}
"""Each pattern with what to write instead."""

EXCEPTIONS: dict[str, set[str]] = {}
"""For each path, or folder, the matches that are allowed there, with the reason."""
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
MODULES = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "infra").rglob("*.py")]
MODULES = [path for path in MODULES if not is_own(path)]


@pytest.mark.parametrize("pattern", REPLACED)
def test_no_replaced_word_returns(pattern: str) -> None:
    assert [line for path in [*PAGES, *MODULES] for line in found(pattern, path)] == [], REPLACED[pattern]


def found(pattern: str, path: Path) -> list[str]:
    """Return each match, with file and line, except the justified ones."""
    name = path.relative_to(ROOT).as_posix()
    # One line of text per file: a phrase may continue on the next line.
    text = re.sub(r"\s+(?:# )?", " ", path.read_text(encoding="utf-8"))
    matches = re.finditer(pattern, text, re.IGNORECASE)
    allowed = {word for prefix, words in EXCEPTIONS.items() if name.startswith(prefix) for word in words}
    return [
        f"{name}: …{text[max(0, one.start() - 30) : one.end() + 30]}…"
        for one in matches
        if one[0].lower() not in allowed
    ]
