"""Published vectors: what a verifier of HS256 has to take, and what it has to refuse."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.pyjwt_codec import verify_jws
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.signing_keys import KeyMaterial, SigningKey

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "wycheproof_hs256.json"
SCORED = 36


def scored() -> list[dict[str, Any]]:
    """Return the vectors that nobody disputes; none where the file is not there."""
    if not VECTORS.exists():
        return []
    return [one for one in json.loads(VECTORS.read_text("utf-8"))["tests"] if not one["disputed"]]


def verifies(vector: dict[str, Any]) -> bool:
    material = base64.urlsafe_b64decode(vector["jwk"]["k"] + "==")
    try:
        verify_jws(vector["jws"], SigningKey("any", KeyMaterial(material)))
    except InvalidToken:
        return False
    return True


@pytest.mark.skipif(not VECTORS.exists(), reason="The Wycheproof vectors lie beside a checkout, not in it.")
def test_every_vector_is_there_to_be_scored() -> None:
    results = [one["result"] for one in scored()]
    assert len(results) == SCORED
    assert (results.count("valid"), results.count("invalid")) == (8, 28)


@pytest.mark.parametrize("vector", scored(), ids=lambda one: f"{one['tcId']} {one['comment']}")
def test_a_vector_is_taken_or_refused_as_published(vector: dict[str, Any]) -> None:
    assert verifies(vector) == (vector["result"] == "valid")
