"""The two accounts to try the local stack with. They exist nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.settings import Settings

PASSWORD = "open the gate, please"  # noqa: S105  # printed at every start; opens nothing but a developer's own machine
ACCOUNTS: dict[str, tuple[str, ...]] = {
    "demo@example.com": (),
    "admin@example.com": ("users:read", "users:write"),
}


def seed(settings: Settings) -> None:
    """Create the accounts in the deployment of `settings`. Raises GatehouseError."""
    from infra.operate.users import create_account

    for email, permissions in ACCOUNTS.items():
        create_account(settings, email=email, username=None, password=PASSWORD, permissions=permissions)
