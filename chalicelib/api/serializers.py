"""Serializers of accounts, sessions and API keys to JSON, with public fields only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.api_keys.api_key import ApiKey
from chalicelib.domain.sessions.session import Session


def account_json(account: Account) -> dict[str, Any]:
    """Return an account for its owner or an administrator."""
    return {
        "id": account.user_id,
        # A service account has none.
        "email": account.email or None,
        "username": account.username,
        "permissions": sorted(account.permissions.permissions),
        "disabled": account.disabled,
        "metadata": account.metadata.value(),
        "created_at": timestamp(account.created_at),
    }


def session_json(session: Session, current_session_id: str) -> dict[str, Any]:
    """Return a session for its owner."""
    return {
        "id": session.session_id,
        "current": session.session_id == current_session_id,
        "client_id": session.client_id,
        "created_at": timestamp(session.created_at),
        "last_used_at": timestamp(session.last_used_at),
        "expires_at": timestamp(min(session.idle_expires_at, session.expires_at)),
        "user_agent": session.device.user_agent,
        "address": session.device.address,
        "country": session.device.country,
    }


def api_key_json(key: ApiKey) -> dict[str, Any]:
    """Return an API key for its owner, without its secret, which only the answer to its creation shows."""
    return {
        "id": key.key_id,
        "name": key.name,
        "scope": str(key.scope),
        "created_at": timestamp(key.created_at),
        "expires_at": None if key.expires_at is None else timestamp(key.expires_at),
    }


def timestamp(seconds: int) -> str:
    """Return Unix seconds as RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
