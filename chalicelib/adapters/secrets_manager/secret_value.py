"""The JSON format of a signing key in Secrets Manager."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from chalicelib.domain.errors import UnreadableKey
from chalicelib.domain.sign_in.name_key import MINIMUM_NAME_KEY_CHARACTERS, NameKey
from chalicelib.domain.tokens.signing_keys import (
    ALGORITHM,
    MINIMUM_KEY_CHARACTERS,
    KeyMaterial,
    RetiredKey,
    SigningKey,
)


def signing_key(version_id: str, text: str, created_at: int = 0) -> SigningKey:
    """Parse the value of a secret. Raises UnreadableKey, without the value, if it is not a key."""
    try:
        value = json.loads(text)
        retired = tuple(
            RetiredKey(_key(one["kid"], one), int(one["until"])) for one in value.get("retired", [])
        )
        key = _key(version_id, value, created_at, retired)
        return replace(key, own_name_key=_name_key(value), api_keys_epoch=int(value.get("api_keys_epoch", 0)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # Without the text of the cause: parser messages quote their input.
        raise UnreadableKey(f"unusable signing secret: {type(error).__name__}") from None


def secret_text(key: SigningKey) -> str:
    """Return the value to store for a key."""
    retired = [{"kid": one.key.kid, "until": one.until, **_members(one.key)} for one in key.retired]
    name_key = {"name_key": key.own_name_key.reveal().decode()} if key.own_name_key else {}
    of_keys = {"api_keys_epoch": key.api_keys_epoch} if key.api_keys_epoch else {}
    return json.dumps(_members(key) | of_keys | name_key | ({"retired": retired} if retired else {}))


def _members(key: SigningKey) -> dict[str, Any]:
    return {"alg": key.algorithm, "key": key.material.reveal().decode(), "epoch": key.epoch}


def _key(
    kid: str, value: dict[str, Any], created_at: int = 0, retired: tuple[RetiredKey, ...] = ()
) -> SigningKey:
    text, epoch = value["key"], value.get("epoch", 0)
    if value["alg"] != ALGORITHM or not isinstance(text, str) or not isinstance(epoch, int):
        raise TypeError
    if len(text) < MINIMUM_KEY_CHARACTERS:
        raise ValueError
    return SigningKey(kid, KeyMaterial(text.encode()), epoch, ALGORITHM, created_at, retired)


def _name_key(value: dict[str, Any]) -> NameKey | None:
    text = value.get("name_key")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) < MINIMUM_NAME_KEY_CHARACTERS:
        raise ValueError
    return NameKey(text.encode())
