"""Tokens signed with the right key that still say something wrong, sent to the real gateway."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from infra.operate.api_client import ApiClient
from tests.blackbox.errors import INVALID_TOKEN, check
from tests.blackbox.local_deployment import LocalDeployment

CLAIMS = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "sid")
MISSING = object()


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(segment: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return value


class Forger:
    """Has stolen the key, and re-signs what an app was given after changing it."""

    def __init__(self, stage: LocalDeployment, app: ApiClient) -> None:
        self._key = stage.services.key_rotation.current().material.reveal()
        self._app = app
        self._header, self._claims = map(decoded, app.access_token.split(".")[:2])

    def status(self, *, header: dict[str, Any] | None = None, digest: str = "sha256", **claims: Any) -> int:
        """Return the status that a changed token gets; everything but 200 must be the same refusal."""
        said = encoded(_changed(self._header, header or {})) + "." + encoded(_changed(self._claims, claims))
        signature = encoded(hmac.digest(self._key, said.encode(), digest))
        answer = self._app.get("/me", f"Bearer {said}.{signature}")
        if answer.status_code != 200:
            check(answer, 401, "invalid_token", INVALID_TOKEN)
        return answer.status_code


def _changed(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**before, **changes}.items() if value is not MISSING}


@pytest.fixture(scope="module")
def forger(stage: LocalDeployment) -> Forger:
    return Forger(stage, stage.signed_in())


def test_the_forger_can_forge(forger: Forger) -> None:
    """Otherwise the refusals below would prove nothing."""
    assert forger.status() == 200
    assert forger.status(jti="another", unknown="claim") == 200


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_claim_is_needed(forger: Forger, claim: str) -> None:
    missing: dict[str, Any] = {claim: MISSING}
    assert forger.status(**missing) == 401


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, ["x"]])
@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "jti", "client_id", "scope", "sid"])
def test_texts_are_texts(forger: Forger, claim: str, value: Any) -> None:
    assert forger.status(**{claim: value}) == 401


@pytest.mark.parametrize("value", [None, "4102444800", 4102444800.5, True, 1e308, 10**400, -1, []])
@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_times_are_whole_numbers(forger: Forger, claim: str, value: Any) -> None:
    assert forger.status(**{claim: value}) == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 0},
        {"iss": "https://elsewhere.example"},
        {"iss": ""},
        {"aud": "https://elsewhere.example"},
        {"aud": []},
        {"sid": "0" * 32},
        {"sub": "0" * 32},
        {"sub": ""},
        {"sub": "\ud800"},
        {"scope": "a  b"},
    ],
)
def test_what_it_says_must_be_true(forger: Forger, claims: dict[str, Any]) -> None:
    assert forger.status(**claims) == 401


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": "hs256"},
        {"alg": MISSING},
        {"typ": "JWT"},
        {"typ": MISSING},
        {"kid": MISSING},
        {"kid": "unknown"},
        {"kid": "../../../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"kid": 1},
        {"kid": "x" * 5_000},
        {"kid": "00000000-0000-4000-8000-000000000000"},
        {"crit": []},
        {"crit": ["exp"], "exp": 1},
    ],
)
def test_the_header_must_be_ours(forger: Forger, header: dict[str, Any]) -> None:
    assert forger.status(header=header) == 401


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_in_the_header_is_not_looked_at(forger: Forger, name: str) -> None:
    assert forger.status(header={name: "https://elsewhere.example/keys"}) == 200


def test_another_digest_than_the_header_says(forger: Forger) -> None:
    assert forger.status(digest="sha512") == 401
    assert forger.status(header={"alg": "HS512"}, digest="sha512") == 401


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"[]", b"{", b'{"exp": NaN}', b"\xff", b"[" * 3_000, b'{"iat": ' + b"9" * 5_000 + b"}"],
)
def test_what_is_no_json_object(stage: LocalDeployment, payload: bytes) -> None:
    app = stage.signed_in()
    header = app.access_token.split(".")[0]
    key = stage.services.key_rotation.current().material.reveal()
    said = f"{header}.{encoded(payload)}"
    signature = encoded(hmac.new(key, said.encode(), hashlib.sha256).digest())
    check(app.get("/me", f"Bearer {said}.{signature}"), 401, "invalid_token", INVALID_TOKEN)
