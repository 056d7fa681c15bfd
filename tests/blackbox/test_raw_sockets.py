"""What no well-behaved client sends, and some that few servers take, byte by byte."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlencode

import pytest

from infra.local.environment import HOST
from infra.operate.api_client import FORM, ApiClient
from tests.blackbox.errors import INVALID_TOKEN
from tests.blackbox.local_deployment import PASSWORD, TIMEOUT_SECONDS, Answer, LocalDeployment, read_answer


@pytest.fixture(scope="module")
def app(stage: LocalDeployment) -> ApiClient:
    return stage.signed_in()


def head(start: str, *headers: str) -> bytes:
    return "\r\n".join([start, "Host: gatehouse", *headers, "", ""]).encode("latin-1")


def sign_in(app: ApiClient, **more: str) -> bytes:
    form = {"grant_type": "password", "username": app.username, "password": PASSWORD, **more}
    return urlencode(form).encode()


def status_and_error(answer: Answer) -> tuple[int, str]:
    """Return status and error; every answer is JSON."""
    status, headers, body = answer
    assert headers["Content-Type"] == "application/json"
    parsed = json.loads(body)
    if status >= 400:
        assert set(parsed) == {"error", "error_description"}
    return status, parsed.get("error", "")


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_chunked_body(stage: LocalDeployment, app: ApiClient, size: int) -> None:
    form = sign_in(app)
    parts = [form[at : at + size] for at in range(0, len(form), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    start = head("POST /oauth/token HTTP/1.1", f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
    assert status_and_error(stage.say(start + chunks)) == (200, "")


def test_a_chunked_body_of_more_than_16_kibibytes(stage: LocalDeployment) -> None:
    start = head("POST /oauth/token HTTP/1.1", f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
    chunk = b"400\r\n" + b"x" * 0x400 + b"\r\n"
    assert status_and_error(stage.say(start + chunk * 17 + b"0\r\n\r\n")) == (400, "invalid_request")


@pytest.mark.parametrize("target", ["/me", "/oauth/token", "/health"])
def test_a_header_of_100_kilobytes(stage: LocalDeployment, target: str) -> None:
    assert status_and_error(stage.say(head(f"GET {target} HTTP/1.1", "X: " + "x" * 100_000))) == (
        431,
        "invalid_request",
    )


@pytest.mark.parametrize("length", ["garbage", "-1", "1.5", "0x10", "1, 2", "9" * 40, "\u0661"])
def test_a_content_length_that_is_none(stage: LocalDeployment, length: str) -> None:
    start = f"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
    assert status_and_error(stage.say(start)) == (400, "invalid_request")


def test_head_has_no_body_even_where_it_cannot_be_read(stage: LocalDeployment) -> None:
    with socket.create_connection((HOST, stage.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(head("HEAD /oauth/token HTTP/1.1", "Transfer-Encoding: x"))
        status, _, rest = b"".join(iter(lambda: connection.recv(4096), b"")).partition(b"\r\n")
        assert status.startswith(b"HTTP/1.1 400 ")
        assert rest.endswith(b"\r\n\r\n")


def test_length_and_chunks_at_once_smuggle_nothing(stage: LocalDeployment) -> None:
    """Whoever reads the length sees one request, whoever reads the chunks two (RFC 9112 §6.3)."""
    start = head("POST /oauth/revoke HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked")
    smuggled = b"0\r\n\r\n" + head("GET /health HTTP/1.1")
    with socket.create_connection((HOST, stage.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(start + smuggled)
        assert status_and_error(read_answer(connection)) == (400, "invalid_request")


def test_pipelined_requests_are_answered_in_order(stage: LocalDeployment, app: ApiClient) -> None:
    form = sign_in(app)
    posted = head("POST /oauth/token HTTP/1.1", f"Content-Type: {FORM}", f"Content-Length: {len(form)}")
    bearer = f"Authorization: Bearer {app.access_token}"
    requests = [
        head("GET /health HTTP/1.1"),
        posted + form,
        head("GET /me HTTP/1.1", bearer),
        head("GET /me HTTP/1.1"),
        head("GET /nothing HTTP/1.1", "Connection: close"),
    ]
    with socket.create_connection((HOST, stage.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(b"".join(requests))
        with connection.makefile("rb") as stream:
            answers = stream.read()
    statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)
    assert statuses == [b"200", b"200", b"200", b"401", b"404"]


@pytest.mark.parametrize("host", ["", "Host: x\r\n"])
def test_http_1_0(stage: LocalDeployment, app: ApiClient, host: str) -> None:
    start = f"GET /me HTTP/1.0\r\n{host}Authorization: Bearer {app.access_token}\r\n\r\n"
    assert status_and_error(stage.say(start.encode())) == (200, "")


@pytest.mark.parametrize("length", [[], ["Content-Length: 0"]])
def test_no_body(stage: LocalDeployment, length: list[str]) -> None:
    start = head("POST /oauth/token HTTP/1.1", f"Content-Type: {FORM}", *length)
    assert status_and_error(stage.say(start)) == (400, "invalid_request")


def test_a_client_that_waits_to_be_told_to_go_on(stage: LocalDeployment, app: ApiClient) -> None:
    form = sign_in(app)
    headers = (f"Content-Type: {FORM}", f"Content-Length: {len(form)}", "Expect: 100-continue")
    with socket.create_connection((HOST, stage.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(head("POST /oauth/token HTTP/1.1", *headers))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(form)
        assert status_and_error(read_answer(connection, "POST")) == (200, "")


@pytest.mark.parametrize("length", [["Content-Length: 0"], []])
def test_a_client_that_waits_with_nothing_to_send(stage: LocalDeployment, length: list[str]) -> None:
    request = head("POST /oauth/token HTTP/1.1", f"Content-Type: {FORM}", "Expect: 100-continue", *length)
    assert status_and_error(stage.say(request)) == (400, "invalid_request")


@pytest.mark.parametrize("second", ["good", "Bearer x", "Basic dTpw"])
@pytest.mark.parametrize("good_first", [True, False])
def test_two_authorization_headers(
    stage: LocalDeployment,
    app: ApiClient,
    second: str,
    good_first: bool,  # noqa: FBT001
) -> None:
    """No reader may pick the one it likes: with two, there is no good token."""
    good = f"Bearer {app.access_token}"
    pair = [good, good if second == "good" else second]
    lines = [f"Authorization: {value}" for value in (pair if good_first else pair[::-1])]
    status, _, body = stage.say(head("GET /me HTTP/1.1", *lines))
    assert status == 401
    assert json.loads(body)["error"] in {"invalid_token", "unauthorized"}


@pytest.mark.parametrize("size", [8 * 1024, 8 * 1024 + 1])
def test_a_token_of_8_kibibytes_and_one_more(stage: LocalDeployment, size: int) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9." + "x" * (size - 24) + ".xx"
    assert len(token) == size
    status, headers, body = stage.say(head("GET /me HTTP/1.1", f"Authorization: Bearer {token}"))
    assert (status, headers["WWW-Authenticate"]) == (401, INVALID_TOKEN)
    assert json.loads(body)["error"] == "invalid_token"


@pytest.mark.parametrize(
    "line",
    [
        b"Authorization: Bearer \xff\xfe",
        b"Authorization: Bearer a\x00b",
        b"Authorization:Bearer",
        b"Authorization: Bearer  \t ",
        b"authorization: bearer a b c",
        "Authorization: Bearer é.é.é".encode(),
    ],
)
def test_odd_bytes_in_the_header(stage: LocalDeployment, line: bytes) -> None:
    status, error = status_and_error(stage.say(b"GET /me HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n"))
    assert (status, error) in {(401, "invalid_token"), (401, "unauthorized"), (400, "invalid_request")}


def test_a_client_that_leaves_in_the_middle_holds_up_nobody(stage: LocalDeployment, app: ApiClient) -> None:
    start = head("POST /oauth/token HTTP/1.1", f"Content-Type: {FORM}", "Content-Length: 1000")
    for data in (b"", b"GET", b"GET /me HTTP/1.1\r\n", start, start + b"grant_type"):
        with socket.create_connection((HOST, stage.port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(data)
    assert app.me().status_code == 200
