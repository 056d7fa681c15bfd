"""Tokens as nobody should make them, rightly signed."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.pyjwt_codec import PyJwtCodec
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.signing_keys import KeyMaterial, SigningKey

KEY = SigningKey("11111111-2222-4333-8444-555555555555", KeyMaterial(b"k" * 64))
OTHER = SigningKey(KEY.kid, KeyMaterial(b"o" * 64))
CLAIMS = {"iss": "https://auth.example.com", "sub": "ada", "iat": 1_700_000_000, "scope": "a b", "n": None}
HEADER = {"alg": "HS256", "typ": "at+jwt", "kid": KEY.kid}
TOKEN = PyJwtCodec().sign(CLAIMS, KEY)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

codec = PyJwtCodec()


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def forged(header: Any = None, payload: Any = None, *, key: SigningKey = KEY, digest: str = "sha256") -> str:
    """Return a token of any header and payload, as objects or as raw JSON, rightly signed."""
    parts = [HEADER if header is None else header, CLAIMS if payload is None else payload]
    raw = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    said = ".".join(encoded(part) for part in raw)
    return f"{said}.{encoded(hmac.digest(key.material.reveal(), said.encode(), digest))}"


def verified(token: str, key: SigningKey = KEY) -> Mapping[str, Any]:
    """Return the claims of a token. Raises as the codec does."""
    return codec.verify(codec.parse(token), key)


def refused(token: str, key: SigningKey = KEY) -> bool:
    try:
        verified(token, key)
    except InvalidToken:
        return True
    return False
