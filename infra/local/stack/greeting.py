"""What the local stack prints once it runs."""

from __future__ import annotations

from infra.local.stack.seed import ACCOUNTS, PASSWORD

_FIELD = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""


def greeting(api_url: str, log: str) -> str:
    """Return where the stack is and how to try it. Every indented line runs in a shell as it stands."""
    lines = [
        f"Gatehouse runs at {api_url}. Ctrl-C stops it. The functions log to {log}.",
        "Accounts: " + "; ".join(_account(email, held) for email, held in ACCOUNTS.items()),
        f"Password of both: {PASSWORD}",
        "Try:",
        *(f"  {line}" for line in commands(api_url)),
    ]
    return "\n".join(lines)


def commands(api_url: str) -> list[str]:
    """Return three lines for a shell: sign in, sign in and ask who that is, ask as a stranger."""
    sign_in = (
        f"curl -s {api_url}/oauth/token -d grant_type=password -d username=demo@example.com"
        f" --data-urlencode 'password={PASSWORD}'"
    )
    return [
        sign_in,
        f'curl -s {api_url}/me -H "Authorization: Bearer $({sign_in} | {_FIELD})"',
        f"curl -si {api_url}/me",
    ]


def _account(email: str, permissions: tuple[str, ...]) -> str:
    return f"{email} ({' '.join(permissions) or 'no permissions'})"
