"""The checks of the smoke test, in the order in which they run."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from infra.operate.api_client import FORM, ApiClient, altered, summarize, summarize_private, unsigned

CheckFn = Callable[[ApiClient], str]

_UNAUTHORIZED = "401 unauthorized +challenge"
_INVALID_TOKEN = "401 invalid_token +challenge"  # noqa: S105 - an answer
_FORBIDDEN = "403 insufficient_scope +challenge"
_INVALID_REQUEST, _INVALID_GRANT = "400 invalid_request", "400 invalid_grant"
_NOT_FOUND, _POST_ONLY = "404 not_found", "405 method_not_allowed Allow: POST"
_TOO_LARGE = "x" * (16 * 1024 + 1)
_READS_USERS = "users:read"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, the expected summary, and the function that returns the actual one."""

    name: str
    expected: str
    look: CheckFn


def _health(visitor: ApiClient) -> str:
    answer = visitor.get("/health")
    return f"{summarize(answer)} {answer.text.replace(' ', '')}"


def _sign_in(visitor: ApiClient) -> str:
    answer = visitor.sign_in()
    return f"{summarize_private(answer)} {answer.json().get('token_type', '')}".strip()


def _same_refusal(visitor: ApiClient) -> str:
    # A new name each time: the failures of one that many smoke tests share would end in 429.
    nobody = f"nobody-{secrets.token_hex(8)}@gatehouse.invalid"
    wrong, unknown = visitor.sign_in(password=nobody), visitor.sign_in(username=nobody)
    same = (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    return f"{summarize(wrong)}, {'the same' if same else 'another answer'}"


def _permission(visitor: ApiClient) -> str:
    """Request an unknown user: 404 with the permission to read users, otherwise 403."""
    seen = summarize(visitor.get(f"/admin/users/{uuid.uuid4().hex}", f"Bearer {visitor.access_token}"))
    right = _NOT_FOUND if _READS_USERS in visitor.scope else _FORBIDDEN
    return "as its scope requires" if seen == right else seen


def _refresh(visitor: ApiClient) -> str:
    visitor.spent_token = visitor.refresh_token
    answer = visitor.refresh(visitor.spent_token)
    return summarize_private(answer) + (" new" if visitor.refresh_token != visitor.spent_token else "")


def _lossless_retry(visitor: ApiClient) -> str:
    key, spent = str(uuid.uuid4()), visitor.refresh_token
    first = visitor.refresh(spent, key).json().get("refresh_token")
    again = visitor.refresh(spent, key)
    return (
        f"{summarize(again)} {'same' if again.json().get('refresh_token') == first else 'another'} successor"
    )


def _session_is_gone(visitor: ApiClient) -> str:
    return f"{summarize(visitor.refresh(visitor.refresh_token))}, {summarize(visitor.me())}"


def _revoke(visitor: ApiClient) -> str:
    visitor.sign_in()
    before = visitor.me().status_code
    return (
        f"{before}, {summarize(visitor.send('POST', '/oauth/revoke', data={'token': visitor.refresh_token}))}"
    )


def _code_of_nobody(visitor: ApiClient) -> str:
    """Enter a code without a verification: no account is changed, and no mail is sent or counted."""
    made_up = secrets.token_hex(16)
    body = {"verification": f"ghv_{made_up}", "code": "00000000", "new_password": made_up}
    return summarize(visitor.send("POST", "/password/reset", json=body))


def _profile(visitor: ApiClient) -> str:
    """Read the profile, and do not print it."""
    answer = visitor.get("/me/profile", f"Bearer {visitor.access_token}")
    return summarize_private(answer) + (" +ETag" if answer.headers.get("ETag") else "")


def _get(path: str, authorization: str | None = None) -> CheckFn:
    return lambda visitor: summarize(visitor.get(path, authorization))


def _bearer(change: Callable[[str], str]) -> CheckFn:
    return lambda visitor: summarize(visitor.get("/me", f"Bearer {change(visitor.access_token)}"))


def _send(method: str, path: str) -> CheckFn:
    return lambda visitor: summarize(visitor.send(method, path))


def _with_token(method: str, path: str) -> CheckFn:
    return lambda visitor: summarize(
        visitor.send(method, path, headers={"Authorization": f"Bearer {visitor.access_token}"})
    )


def _form(**form: str) -> CheckFn:
    return lambda visitor: summarize(visitor.token(form))


def _raw(body: str, content_type: str = FORM, path: str = "/oauth/token") -> CheckFn:
    return lambda visitor: summarize(
        visitor.send("POST", path, data=body, headers={"Content-Type": content_type})
    )


SIGNED_OUT_CHECKS = (
    Check("health", '200 {"status":"ok"}', _health),
    Check("no such path", _NOT_FOUND, _get("/no-such-path")),
    Check("no such method", _NOT_FOUND, _send("PUT", "/me")),
    Check("token endpoint by GET", _POST_ONLY, _send("GET", "/oauth/token")),
    Check("revocation by GET", _POST_ONLY, _send("GET", "/oauth/revoke")),
    Check("introspection by GET", _POST_ONLY, _send("GET", "/oauth/introspect")),
    Check("no token", _UNAUTHORIZED, _get("/me")),
    Check("empty Authorization", _UNAUTHORIZED, _get("/me", "")),
    Check("another scheme", _UNAUTHORIZED, _get("/me", "Digest smoke")),
    Check("no API key", _INVALID_TOKEN, _get("/me", "Basic bW9iaWxlLWFwcDo=")),
    Check("no JWT", _INVALID_TOKEN, _get("/me", "Bearer smoke")),
    Check("wrong content type", _INVALID_REQUEST, _raw('{"grant_type": "password"}', "application/json")),
    Check("repeated parameter", _INVALID_REQUEST, _raw("grant_type=password&grant_type=password")),
    Check("password in the URL", _INVALID_REQUEST, _raw("", path="/oauth/token?password=smoke")),
    Check("body of over 16 KiB", _INVALID_REQUEST, _form(grant_type="password", password=_TOO_LARGE)),
    Check("unknown grant", "400 unsupported_grant_type", _form(grant_type="smoke")),
    Check("unknown client", "401 invalid_client", _form(grant_type="password", client_id="smoke")),
    Check("wrong password, unknown user", f"{_INVALID_GRANT}, the same", _same_refusal),
    Check("revocation without a valid token", "200", _raw("token=smoke", path="/oauth/revoke")),
    Check("sign-up without an address", _INVALID_REQUEST, _raw("{}", "application/json", "/accounts")),
    Check("code without a verification", "400 invalid_code", _code_of_nobody),
    Check("sign-in", "200 Bearer", _sign_in),
)
"""Checks without a token; the last one signs in."""
SIGNED_IN_CHECKS = (
    Check(
        "scope not held", "400 invalid_scope", lambda visitor: summarize(visitor.sign_in(scope="smoke:none"))
    ),
    Check("who am I", "200", lambda visitor: summarize_private(visitor.me())),
    Check(
        "scheme without case, spaces",
        "200",
        lambda visitor: summarize(visitor.get("/me", f"bEARER   {visitor.access_token}")),
    ),
    Check("profile", "200 +ETag", _profile),
    # AWS does not document its gateway response for these requests.
    Check("no such path, with a token", _NOT_FOUND, _with_token("GET", "/no-such-path")),
    Check("no such method, with a token", _NOT_FOUND, _with_token("PUT", "/me")),
    Check("permission", "as its scope requires", _permission),
    Check("altered signature", _INVALID_TOKEN, _bearer(altered)),
    Check("algorithm none", _INVALID_TOKEN, _bearer(unsigned)),
    Check(
        "refresh token as access token",
        _INVALID_TOKEN,
        lambda visitor: summarize(visitor.get("/me", f"Bearer {visitor.refresh_token}")),
    ),
    Check("refresh", "200 new", _refresh),
    Check("lossless retry", "200 same successor", _lossless_retry),
    Check("refreshed token", "200", lambda visitor: summarize_private(visitor.me())),
    Check("spent token", _INVALID_GRANT, lambda visitor: summarize(visitor.refresh(visitor.spent_token))),
    Check("its session is over", f"{_INVALID_GRANT}, {_INVALID_TOKEN}", _session_is_gone),
    Check("revocation", "200, 200", _revoke),
    Check("the revoked session is over", f"{_INVALID_GRANT}, {_INVALID_TOKEN}", _session_is_gone),
)
"""Checks that need a token."""
CHECKS = (*SIGNED_OUT_CHECKS, *SIGNED_IN_CHECKS)
