"""Published vectors: what a verifier of RS256 and ES256 has to take, and what it has to refuse."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from chalicelib.adapters.jws import es256
from chalicelib.adapters.jws.base64url import text_of
from chalicelib.adapters.pyjwt_codec import verify_jws
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.public_keys import jwk_material
from chalicelib.domain.tokens.signing_keys import SigningKey

VECTORS = Path(__file__).with_name("vectors")
EMPTY_PAYLOAD = 259
"""Valid as a JWS. It has no claims, so it is no token, and is refused before its signature is looked at."""
Groups = list[dict[str, Any]]


def groups(name: str) -> Groups:
    found: Groups = json.loads((VECTORS / name).read_text("utf-8"))["groups"]
    return found


def takes(jws: str, public: dict[str, str]) -> bool:
    key = SigningKey("any", jwk_material(public), algorithm=public["alg"])
    try:
        verify_jws(jws, key)
    except InvalidToken:
        return False
    return True


def test_every_jws_vector_is_taken_or_refused_as_published() -> None:
    wrong, count = [], Counter[tuple[str, str]]()
    for group in groups("wycheproof_jws.json"):
        for vector in group["tests"]:
            count[group["public"]["alg"], vector["result"]] += 1
            expected = vector["result"] == "valid" and vector["tcId"] != EMPTY_PAYLOAD
            if takes(vector["jws"], group["public"]) != expected:
                wrong.append(f"{vector['tcId']} {group['comment']} {vector['comment']} {vector['result']}")
    assert wrong == []
    assert count == {
        ("RS256", "valid"): 8,
        ("RS256", "invalid"): 225,
        ("ES256", "valid"): 2,
        ("ES256", "invalid"): 37,
    }


def test_every_ecdsa_vector_is_taken_or_refused_as_published() -> None:
    wrong, count = [], Counter[str]()
    for group in groups("wycheproof_es256.json"):
        material = jwk_material({name: text_of(int(group[f"w{name}"], 16), 32) for name in ("x", "y")})
        for vector in group["tests"]:
            count[vector["result"]] += 1
            signature, signed = bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"])
            if es256.verify(signature, signed, material.reveal()) != (vector["result"] == "valid"):
                wrong.append(f"{vector['tcId']} {vector['comment']}")
    assert wrong == []
    assert count == {"valid": 173, "invalid": 89}
