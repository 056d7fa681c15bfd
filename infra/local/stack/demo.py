"""Demo accounts of the local stack, and the text that shows how to try it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.inbox.application import PATH

if TYPE_CHECKING:
    from chalicelib.services import Services

PASSWORD = "open the gate, please"  # noqa: S105  # printed at every start, and valid on the local stack only
ACCOUNTS: dict[str, tuple[str, ...]] = {
    "demo@example.com": (),
    "admin@example.com": ("users:read", "users:write"),
}

_FIELD = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'"""


def create_demo_accounts(services: Services) -> None:
    """Create the demo accounts that do not exist. Raises GatehouseError."""
    # Imported here: these classes must be those of `services`, which `reload` imports anew.
    from chalicelib.domain.accounts.names import SignInName
    from chalicelib.domain.accounts.passwords import Password

    for email, permissions in ACCOUNTS.items():
        if services.adapters.accounts.find(SignInName.of(email)):
            continue
        services.create_account(
            email=email, password=Password.presented(PASSWORD), username_=None, permissions=permissions
        )


def greeting(api_url: str, log: str) -> str:
    """Return the text to print at the start. Every indented line is a shell command that can be pasted."""
    lines = [
        f"Gatehouse runs at {api_url}. Ctrl-C stops it. The functions log to {log}.",
        "Accounts: " + "; ".join(_account(email, held) for email, held in ACCOUNTS.items()),
        f"Password of both: {PASSWORD}",
        f"Mails that a deployment would send: {api_url}{PATH}",
        "Try:",
        *(f"  {line}" for line in commands(api_url)),
    ]
    return "\n".join(lines)


def commands(api_url: str) -> list[str]:
    """Return three shell commands: sign in; sign in and read `/me`; read `/me` without a token."""
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
