"""Published clients, unchanged: they discover the service, sign in, refresh, and verify tokens elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from tests.blackbox.local_deployment import PASSWORD, LocalDeployment, staged

SCRIPT = Path(__file__).with_name("published_clients") / "clients.mjs"
INSTALLED = Path(__file__).parents[2] / ".local" / "published-clients"
needs_npm = pytest.mark.skipif(
    not (INSTALLED / "node_modules" / "jose").is_dir() or shutil.which("node") is None,
    reason="the clients of npm are not installed: `make test` installs them with npm",
)
ALGORITHMS = ["HS256", "RS256", "ES256"]


@pytest.fixture(scope="module", params=ALGORITHMS)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage"), SIGNING_ALGORITHM=request.param) as running:
        yield running


@pytest.fixture
def algorithm(stage: LocalDeployment) -> str:
    return stage.stack.environment["SIGNING_ALGORITHM"]


@needs_npm
def test_the_clients_of_npm_discover_sign_in_refresh_and_verify(
    stage: LocalDeployment, algorithm: str
) -> None:
    """`openid-client`, `oauth4webapi` and `jose`."""
    is_public = algorithm != "HS256"
    asked = {"issuer": stage.url, "username": stage.account(), "password": PASSWORD, "isPublic": is_public}
    done = subprocess.run(  # noqa: S603 - our own script
        ["node", "--input-type=module", "-", json.dumps(asked)],  # noqa: S607 - the one of PATH
        cwd=INSTALLED,
        input=SCRIPT.read_text("utf-8"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    expected: dict[str, Any] = {"openid": [stage.url, "bearer", True], "revoked": "OAUTH_RESPONSE_BODY_ERROR"}
    for found in ("oidc", "oauth2"):
        expected[found] = [stage.url, 3600, "bearer"]
        if is_public:
            expected[f"{found} claims"] = [stage.url, "mobile-app"]
            expected[f"{found} other audience"] = "OAUTH_JWT_CLAIM_COMPARISON_FAILED"
            expected[f"{found} jose"] = [algorithm, True]
            expected[f"{found} forged"] = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    assert json.loads(done.stdout) == expected


def forged(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def test_pyjwt_finds_the_key_and_verifies(stage: LocalDeployment, algorithm: str) -> None:
    token = stage.signed_in().access_token
    client = jwt.PyJWKClient(f"{stage.url}/.well-known/jwks.json")
    if algorithm == "HS256":
        with pytest.raises(jwt.PyJWTError, match="did not contain any keys"):
            client.get_signing_key_from_jwt(token)
        return
    key = client.get_signing_key_from_jwt(token)
    assert (key.algorithm_name, key.public_key_use) == (algorithm, "sig")
    asked: dict[str, Any] = {"algorithms": [algorithm], "issuer": stage.url}
    assert jwt.decode(token, key, audience=stage.url, **asked)["client_id"] == "mobile-app"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, audience="https://other.example", **asked)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged(token), key, audience=stage.url, **asked)


class ByItsKeys(JWTBearerTokenValidator):  # type: ignore[misc,unused-ignore]  # Authlib has no types
    """Authlib's own resource server of RFC 9068."""

    def get_jwks(self) -> Any:
        """Return the public keys."""
        return KeySet.import_key_set(requests.get(f"{self.issuer}/.well-known/jwks.json", timeout=10).json())


def test_authlib_verifies_by_the_rules_of_rfc_9068(stage: LocalDeployment, algorithm: str) -> None:
    if algorithm == "HS256":
        pytest.skip("nobody else has an HMAC key")
    token = stage.signed_in(permissions=["things:read"]).access_token
    validator = ByItsKeys(stage.url, stage.url)
    claims = validator.authenticate_token(token)
    validator.validate_token(claims, ["things:read"], None)
    with pytest.raises(InsufficientScopeError):
        validator.validate_token(claims, ["things:write"], None)
    with pytest.raises(InvalidTokenError):
        validator.authenticate_token(forged(token))
    elsewhere = ByItsKeys(stage.url, "https://other.example")
    with pytest.raises(InvalidTokenError):
        elsewhere.validate_token(elsewhere.authenticate_token(token), None, None)


def test_the_token_has_what_rfc_9068_demands(stage: LocalDeployment, algorithm: str) -> None:
    token = stage.signed_in(permissions=["things:read"]).access_token
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    metadata = requests.get(f"{stage.url}/.well-known/oauth-authorization-server", timeout=10).json()
    assert (header["typ"], header["alg"]) == ("at+jwt", algorithm)
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= set(claims)
    assert claims["iss"] == metadata["issuer"] == stage.url
    assert claims["scope"] == "things:read"
