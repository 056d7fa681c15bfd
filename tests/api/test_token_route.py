"""POST /oauth/token over events: status, body and headers of every answer."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import urlencode

import pytest

from chalicelib.domain.sign_in.limits import WINDOW_SECONDS
from chalicelib.services import override_services
from tests.api.events import API, FORM, REGION, STAGE, Answer, Gateway, in_base64, invoke, proxy_event
from tests.changes import ACTOR
from tests.fakes import FakeAdapters, fake_services
from tests.oauth.actors import EMAIL, PASSWORD, account
from tests.oauth.forge import parts

PLAIN = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
BASIC = 'Basic realm="gatehouse"'
CREDENTIALS = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}


def sign_in(gateway: Gateway, **changes: str) -> Answer:
    account(gateway.services)
    return gateway.token(**{**CREDENTIALS, **changes})


def check_error(answer: Answer, status: int, code: str, headers: dict[str, str] | None = None) -> None:
    assert answer.error == (status, code)
    assert PLAIN.fullmatch(answer.json["error_description"])
    expected = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    assert dict(answer.headers) == expected


def test_a_sign_in_answers_with_the_members_of_rfc_6749(gateway: Gateway) -> None:
    answer = sign_in(gateway)
    assert answer.status == 200
    assert " ".join(answer.json) == "access_token token_type expires_in refresh_token scope device_key"
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert dict(answer.headers) == {"Cache-Control": "no-store", "Pragma": "no-cache"}


def test_the_issuer_is_the_address_of_the_stage(gateway: Gateway) -> None:
    _, claims = parts(sign_in(gateway).json["access_token"])
    assert claims["iss"] == claims["aud"] == f"https://{API}.execute-api.{REGION}.amazonaws.com/{STAGE}"


def test_the_issuer_is_never_what_the_caller_says(gateway: Gateway) -> None:
    account(gateway.services)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    _, claims = parts(gateway.token(headers, **CREDENTIALS).json["access_token"])
    assert "evil" not in claims["iss"]


def test_the_issuer_may_be_set(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, issuer="https://id.example.com")
    with override_services(services):
        _, claims = parts(sign_in(Gateway(services)).json["access_token"])
    assert claims["iss"] == claims["aud"] == "https://id.example.com"


def test_a_refresh_answers_alike(gateway: Gateway) -> None:
    first = sign_in(gateway).json
    answer = gateway.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert answer.status == 200
    assert list(answer.json) == [name for name in first if name != "device_key"]
    assert dict(answer.headers) == {"Cache-Control": "no-store", "Pragma": "no-cache"}


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
def test_the_idempotency_key_is_a_header(gateway: Gateway, name: str) -> None:
    token = sign_in(gateway).json["refresh_token"]
    first = gateway.token({name: "abc"}, grant_type="refresh_token", refresh_token=token)
    gateway.services.adapters.clock.advance(60)
    again = gateway.token({"Idempotency-Key": "abc"}, grant_type="refresh_token", refresh_token=token)
    assert again.json["refresh_token"] == first.json["refresh_token"]


def test_an_idempotency_key_in_the_body_is_an_unknown_parameter(gateway: Gateway) -> None:
    token = sign_in(gateway).json["refresh_token"]
    parameters = {"grant_type": "refresh_token", "refresh_token": token, "idempotency_key": "abc"}
    gateway.token(**parameters)
    gateway.services.adapters.clock.advance(60)
    check_error(gateway.token(**parameters), 400, "invalid_grant")


def test_a_body_in_base64_is_the_same_body(gateway: Gateway) -> None:
    account(gateway.services)
    event = proxy_event("POST", "/oauth/token", headers={"Content-Type": FORM}, body=urlencode(CREDENTIALS))
    assert invoke(in_base64(event)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "nobody@example.com"},
        {"username": "\u0430lice@example.com"},
        {"password": "some other password"},
        {"password": PASSWORD + "\x00"},
    ],
)
def test_credentials_that_are_wrong_in_any_way_have_one_answer(
    gateway: Gateway, changes: dict[str, str]
) -> None:
    wrong = sign_in(gateway, **changes)
    check_error(wrong, 400, "invalid_grant")
    user_id = next(iter(gateway.services.adapters.store.accounts))
    gateway.services.administration.disable(user_id, ACTOR)
    disabled = gateway.token(**CREDENTIALS)
    assert (disabled.text, disabled.headers) == (wrong.text, wrong.headers)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": ""}, "invalid_request"),
        ({"username": ""}, "invalid_request"),
        ({"password": ""}, "invalid_request"),
        ({"password": "x" * 1025}, "invalid_request"),
        ({"password": "x" * 17_000}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "PASSWORD"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "ghr_" + "A" * 112}, "invalid_grant"),
        ({"scope": "a  b"}, "invalid_scope"),
        ({"scope": "users:read"}, "invalid_scope"),
        ({"scope": "caf\u00e9"}, "invalid_scope"),
    ],
)
def test_every_other_refusal_has_its_code(gateway: Gateway, changes: dict[str, str], code: str) -> None:
    check_error(sign_in(gateway, **changes), 400, code)


@pytest.mark.parametrize(
    "body",
    [
        "grant_type=password&grant_type=password",
        "%",
        "a=%FF",
        "grant_type=password&username=\ufffd",
        "\ud800",
        None,
    ],
)
def test_a_body_that_is_no_form_is_malformed(gateway: Gateway, body: str | None) -> None:
    check_error(
        gateway.send("POST", "/oauth/token", headers={"content-type": FORM}, body=body),
        400,
        "invalid_request",
    )


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "text/plain", "multipart/form-data", "*/*", "x"]
)
def test_another_content_type_is_malformed(gateway: Gateway, content_type: str | None) -> None:
    account(gateway.services)
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = json.dumps(CREDENTIALS) if content_type == "application/json" else urlencode(CREDENTIALS)
    check_error(gateway.send("POST", "/oauth/token", headers=headers, body=body), 400, "invalid_request")


@pytest.mark.parametrize(
    "query",
    ["username=a", "password=", "refresh_token=x", "client_secret=s", "device_key=x", "a=b&password=x"],
)
def test_a_credential_in_the_query_is_malformed_and_costs_no_hash(gateway: Gateway, query: str) -> None:
    account(gateway.services)
    gateway.services.adapters.hasher.calls.clear()
    headers = {"Content-Type": FORM}
    answer = gateway.send("POST", "/oauth/token", headers=headers, body=urlencode(CREDENTIALS), query=query)
    check_error(answer, 400, "invalid_request")
    assert not gateway.services.adapters.hasher.calls


def test_anything_else_in_the_query_is_ignored(gateway: Gateway) -> None:
    account(gateway.services)
    headers = {"Content-Type": FORM}
    answer = gateway.send(
        "POST", "/oauth/token", headers=headers, body=urlencode(CREDENTIALS), query="x=1&scope=y"
    )
    assert answer.status == 200


def test_an_unknown_client_is_told_so_without_a_challenge(gateway: Gateway) -> None:
    check_error(sign_in(gateway, client_id="unknown"), 401, "invalid_client")
    check_error(gateway.token(**CREDENTIALS, client_secret="s"), 401, "invalid_client")


@pytest.mark.parametrize("credentials", ["unknown:", "mobile-app:s", "", "mobile-app"])
@pytest.mark.parametrize("header", ["Authorization", "authorization"])
def test_a_client_that_failed_basic_is_challenged(gateway: Gateway, header: str, credentials: str) -> None:
    account(gateway.services)
    basic = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    check_error(
        gateway.token({header: basic}, **CREDENTIALS), 401, "invalid_client", {"WWW-Authenticate": BASIC}
    )


def test_a_client_may_name_itself_by_basic(gateway: Gateway) -> None:
    account(gateway.services)
    basic = f"Basic {base64.b64encode(b'web-app:').decode()}"
    answer = gateway.token({"Authorization": basic}, **CREDENTIALS)
    assert parts(answer.json["access_token"])[1]["client_id"] == "web-app"


def test_too_many_attempts_are_told_when_to_come_back(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, sign_in_free_failures=1)
    with override_services(services):
        gateway = Gateway(services)
        sign_in(gateway, password="some other password")
        adapters.clock.advance(30)
        wait = {"Retry-After": f"{WINDOW_SECONDS - 30}"}
        check_error(gateway.token(**CREDENTIALS), 429, "temporarily_unavailable", wait)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_any_method_but_post_is_not_allowed(gateway: Gateway, method: str, path: str) -> None:
    account(gateway.services)
    headers = {"Content-Type": FORM}
    answer = gateway.send(method, path, headers=headers, body=urlencode(CREDENTIALS), query="username=a")
    check_error(answer, 405, "method_not_allowed", {"Allow": "POST"})
    assert not gateway.services.adapters.store.live


def test_no_answer_echoes_what_was_sent(gateway: Gateway) -> None:
    account(gateway.services)
    mark = "<script>marker</script>"
    for changes in (
        {"username": mark},
        {"grant_type": mark},
        {"scope": mark},
        {"client_id": mark},
        {"refresh_token": mark, "grant_type": "refresh_token"},
        {mark: mark, "password": ""},
    ):
        assert "marker" not in gateway.token(**{**CREDENTIALS, **changes}).text
