"""Tokens as anybody can write them: any header, any payload, any key. Standard library only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload of a token, unverified."""
    header, payload, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(payload))


def raw_token(header: bytes, payload: bytes, key: bytes, digest: str = "sha256") -> str:
    signed = f"{encode(header)}.{encode(payload)}"
    return f"{signed}.{encode(hmac.digest(key, signed.encode(), digest))}"


def token(header: Any, payload: Any, key: bytes, digest: str = "sha256") -> str:
    return raw_token(json.dumps(header).encode(), json.dumps(payload).encode(), key, digest)


def is_signed_by(token_text: str, key: bytes) -> bool:
    signed, _, signature = token_text.rpartition(".")
    return decode(signature) == hmac.new(key, signed.encode(), hashlib.sha256).digest()
