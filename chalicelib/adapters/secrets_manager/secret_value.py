"""The JSON format of a version of the signing secret.

`alg` and `key` are those of the key that signs: text for HS256, a private JWK for RS256 and ES256. `next` has
the key after it in the same form, `retired` the keys before it, of an asymmetric one only the public JWK.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from chalicelib.domain.errors import UnreadableKey
from chalicelib.domain.sign_in.name_key import MINIMUM_NAME_KEY_CHARACTERS, NameKey
from chalicelib.domain.tokens.signing_keys import (
    ALGORITHMS,
    HS256,
    MINIMUM_KEY_CHARACTERS,
    KeyMaterial,
    NextKey,
    RetiredKey,
    SigningKey,
)

_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def signing_key(version_id: str, text: str, created_at: int = 0) -> SigningKey:
    """Parse the value of a secret. Raises UnreadableKey, without the value, if it is not a key."""
    try:
        value = json.loads(text)
        retired = tuple(
            RetiredKey(_key(one["kid"], one, private=False), int(one["until"]))
            for one in value.get("retired", [])
        )
        key = replace(
            _key(version_id, value),
            created_at=created_at,
            retired=retired,
            own_name_key=_name_key(value),
            following=_following(value),
            api_keys_epoch=int(value.get("api_keys_epoch", 0)),
        )
    except _MALFORMED as error:
        # Without the text of the cause: parser messages quote their input.
        raise UnreadableKey(f"unusable signing secret: {type(error).__name__}") from None
    return key if key.kid == version_id else replace(key, version=version_id)


def secret_text(key: SigningKey) -> str:
    """Return the value to store for a key."""
    value = _members(key)
    if key.own_name_key:
        value["name_key"] = key.own_name_key.reveal().decode()
    if key.api_keys_epoch:
        value["api_keys_epoch"] = key.api_keys_epoch
    if key.following:
        value["next"] = {**_members(key.following.key), "published_at": key.following.published_at}
    if key.retired:
        value["retired"] = [
            {"kid": one.key.kid, "until": one.until, **_members(one.key)} for one in key.retired
        ]
    return json.dumps(value)


def _members(key: SigningKey) -> dict[str, Any]:
    text = key.material.reveal().decode()
    return {"alg": key.algorithm, "key": json.loads(text) if key.is_public else text, "epoch": key.epoch}


def _key(kid: str, value: dict[str, Any], *, private: bool = True) -> SigningKey:
    key, algorithm, epoch = value["key"], value["alg"], value.get("epoch", 0)
    if algorithm not in ALGORITHMS or not isinstance(epoch, int):
        raise TypeError
    if algorithm != HS256:
        # Imported here: with HMAC keys, no cold start pays for them.
        from chalicelib.adapters.secrets_manager.jwk import checked_jwk
        from chalicelib.domain.tokens.public_keys import jwk_material

        jwk = checked_jwk(key, algorithm, private=private)
        return SigningKey(jwk["kid"], jwk_material(jwk), epoch, algorithm)
    if not isinstance(key, str):
        raise TypeError
    if len(key) < MINIMUM_KEY_CHARACTERS:
        raise ValueError
    return SigningKey(kid, KeyMaterial(key.encode()), epoch)


def _following(value: dict[str, Any]) -> NextKey | None:
    following = value.get("next")
    if following is None:
        return None
    if following["alg"] == HS256:
        raise ValueError
    return NextKey(_key("", following), int(following["published_at"]))


def _name_key(value: dict[str, Any]) -> NameKey | None:
    text = value.get("name_key")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) < MINIMUM_NAME_KEY_CHARACTERS:
        raise ValueError
    return NameKey(text.encode())
