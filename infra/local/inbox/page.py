"""Render the inbox as an HTML page and as JSON."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.local.inbox.mailbox import Entry

_PAGE = Path(__file__).with_name("page.html")
_MAIL = Template(
    """<li><article aria-labelledby="subject-$number" lang="$language">
<h2 id="subject-$number">$subject</h2>
<dl><dt lang="en">To</dt><dd>$to</dd>$code</dl>
<details$open><summary lang="en">Text</summary><pre>$text</pre></details>
</article></li>"""
)
_CODE = Template("""<dt lang="en">Code</dt><dd><code>$code</code></dd>""")


def html_page(entries: Sequence[Entry]) -> bytes:
    """Return a page with the mails, in their order. It loads nothing else and has no script."""
    mails = "\n".join(_mail(number, entry) for number, entry in enumerate(entries, 1))
    mails = f"<ol>\n{mails}\n</ol>" if entries else "<p>No mail has been sent yet.</p>"
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute(count=len(entries), mails=mails).encode()


def json_page(entries: Sequence[Entry]) -> bytes:
    """Return the mails as a JSON array, in their order."""
    mails = [{"to": one.to, "subject": one.subject, "text": one.text, "code": one.code} for one in entries]
    return json.dumps(mails, ensure_ascii=False, indent=2).encode() + b"\n"


def _mail(number: int, entry: Entry) -> str:
    return _MAIL.substitute(
        number=number,
        language=escape(entry.language),
        subject=escape(entry.subject),
        to=escape(entry.to),
        code=_CODE.substitute(code=escape(entry.code)) if entry.code else "",
        # The developer probably waits for the newest one.
        open=" open" if number == 1 else "",
        text=escape(entry.text),
    )
