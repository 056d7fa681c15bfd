"""HTTP client for the smoke test: sends valid and invalid requests, and summarizes the responses."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests

from infra.operate.temporary_account import TIMEOUT_SECONDS

FORM = "application/x-www-form-urlencoded"
# API Gateway renames the challenge of a function, but not that of a gateway response.
_CHALLENGES = ("WWW-Authenticate", "x-amzn-Remapped-WWW-Authenticate")
_BARE = 'Bearer realm="gatehouse"'
_EXPECTED_CHALLENGES = {
    "unauthorized": _BARE,
    "invalid_token": f'{_BARE}, error="invalid_token"',
    "insufficient_scope": f'{_BARE}, error="insufficient_scope", scope="users:read"',
}


class ApiClient:
    """A client with the credentials of one account and the tokens of its latest session."""

    def __init__(self, api_url: str, username: str, password: str) -> None:
        self.username = username
        self.password = password
        self.access_token = ""
        self.refresh_token = ""
        self.spent_token = ""
        self.scope: set[str] = set()
        self._url = api_url.rstrip("/")
        self._http = requests.Session()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, **request: Any) -> requests.Response:
        """Send a request without following redirects. Raises requests.RequestException."""
        return self._http.request(
            method, self._url + path, timeout=TIMEOUT_SECONDS, allow_redirects=False, **request
        )

    def get(self, path: str, authorization: str | None = None) -> requests.Response:
        """Call a protected route, with or without a header."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return self.send("GET", path, headers=headers)

    def me(self) -> requests.Response:
        """Call `/me` with the latest access token."""
        return self.get("/me", f"Bearer {self.access_token}")

    def token(self, form: dict[str, str], **request: Any) -> requests.Response:
        """Call the token endpoint."""
        return self.send("POST", "/oauth/token", data=form, **request)

    def sign_in(self, **changes: str) -> requests.Response:
        """Sign in. On success, store the tokens."""
        form = {"grant_type": "password", "username": self.username, "password": self.password, **changes}
        return self._keep(self.token(form))

    def refresh(self, refresh_token: str, key: str = "") -> requests.Response:
        """Exchange a refresh token. On success, store the new tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._keep(self.token(form, headers={"Idempotency-Key": key} if key else {}))

    def _keep(self, answer: requests.Response) -> requests.Response:
        if answer.ok:
            tokens = answer.json()
            self.access_token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
            self.scope = set(tokens["scope"].split())
        return answer


def summarize(answer: requests.Response) -> str:
    """Return status, error code, challenges and `Allow` of a response in one line."""
    parts = [str(answer.status_code)]
    body = _json(answer)
    if body is None:
        parts.append("no JSON")
    elif not answer.ok:
        parts += [_error(body), *_challenges(answer, _error(body))]
    if "Allow" in answer.headers:
        parts.append(f"Allow: {answer.headers['Allow']}")
    return " ".join(parts)


def summarize_private(answer: requests.Response) -> str:
    """Return `summarize`, and a remark if the response may be cached."""
    cacheable = (
        answer.headers.get("Cache-Control") != "no-store" or answer.headers.get("Pragma") != "no-cache"
    )
    return summarize(answer) + (" may be cached" if cacheable else "")


def altered(token: str) -> str:
    """Return a token with another signature of the same length."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[:1] != 'A' else 'B'}{signature[1:]}"


def unsigned(token: str) -> str:
    """Return the token with algorithm `none` and without a signature (RFC 8725 §3.2)."""
    header, payload, _ = token.split(".")
    members = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    bare = json.dumps({**members, "alg": "none"}).encode()
    return f"{base64.urlsafe_b64encode(bare).rstrip(b'=').decode()}.{payload}."


def _error(body: dict[str, Any]) -> str:
    return str(body["error"]) if set(body) == {"error", "error_description"} else "no error body"


def _challenges(answer: requests.Response, error: str) -> list[str]:
    """Return each challenge; `+challenge` stands for the one expected with the error."""
    sent = [answer.headers[name] for name in _CHALLENGES if name in answer.headers]
    return ["+challenge" if one == _EXPECTED_CHALLENGES.get(error) else one for one in sent]


def _json(answer: requests.Response) -> dict[str, Any] | None:
    if answer.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        return None
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
