"""The gateway over real sockets."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from infra.local.stack.server import PortInUseError, listen

CHUNKED = (
    b"POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
)


def send(port: int, data: bytes) -> tuple[int, Message, bytes]:
    """Send raw bytes, and return status, headers and body of the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        with closing(HTTPResponse(connection, method=data[:4].decode().strip())) as response:
            response.begin()
            return response.status, response.headers, response.read()


def get(port: int, target: str, headers: bytes = b"") -> tuple[int, Message, bytes]:
    return send(port, b"GET " + target.encode() + b" HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")


def event(answer: tuple[int, Message, bytes]) -> dict[str, Any]:
    assert answer[0] == 200
    parsed: dict[str, Any] = json.loads(answer[2])
    return parsed


def test_a_request_and_its_response(port: int) -> None:
    status, headers, body = get(port, "/guarded/x", b"authorization: Bearer good\r\n")
    assert (status, body) == (200, b'{"name":"x"}')
    assert headers["Content-Type"] == "application/json"
    assert not {"Server", "Via", "X-Powered-By"} & set(headers)


def test_the_path_is_passed_on_as_sent(port: int) -> None:
    assert get(port, "/guarded/a%2Fb", b"Authorization: Bearer good\r\n")[2] == b'{"name":"a/b"}'
    assert event(get(port, "/open?a=%2B"))["queryStringParameters"] == {"a": "+"}
    assert event(get(port, "http://elsewhere/open?a=1#f"))["queryStringParameters"] == {"a": "1"}


def test_header_names_are_restored(port: int) -> None:
    sent = b"idempotency-key: a\r\nX_Sneaky: b\r\nContent-Type: text/plain\r\n"
    headers = event(get(port, "/open", sent))["headers"]
    assert headers["Idempotency-Key"] == "a"
    assert headers["Content-Type"] == "text/plain"
    assert not [name for name in headers if "neaky" in name]


def test_a_chunked_body_arrives(port: int) -> None:
    assert event(send(port, CHUNKED))["body"] == "abcde"


def test_two_authorization_headers_fail_closed(port: int) -> None:
    twice = b"Authorization: Bearer good\r\nAuthorization: Bearer good\r\n"
    status, _, body = get(port, "/guarded", twice)
    assert (status, json.loads(body)["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("target", [b"/open", b"/nothing"])
def test_the_answer_to_head_has_no_body(port: int, target: bytes) -> None:
    status, headers, body = send(port, b"HEAD " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == (200 if target == b"/open" else 404)
    assert int(headers["Content-Length"]) > 0
    assert body == b""


def test_a_response_without_content_is_well_formed(port: int) -> None:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for _ in range(2):
            connection.request("GET", "/empty")
            response = connection.getresponse()
            assert (response.status, response.read()) == (204, b"")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /open HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /open HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 5_000_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"POST /open HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /open HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /open HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"POST /open HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n", 400),
        (b"POST /open HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 400),
        (b"POST /open HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /open HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (b"GET /open HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"\x16\x03\x01 hello\r\n\r\n", 400),
    ],
)
def test_a_request_that_cannot_be_parsed_gets_a_json_error(port: int, data: bytes, status: int) -> None:
    answered, headers, body = send(port, data)
    assert (answered, json.loads(body)["error"]) == (status, "invalid_request")
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"


def test_a_hundred_concurrent_requests_are_answered(port: int) -> None:
    with ThreadPoolExecutor(100) as pool:
        assert {status for status, *_ in pool.map(lambda _: get(port, "/empty"), range(300))} == {204}


def test_idle_connections_do_not_block_requests(port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(150)]
    try:
        assert get(port, "/empty")[0] == 204
    finally:
        for connection in idle:
            connection.close()


def test_a_port_in_use_is_an_error(port: int) -> None:
    with pytest.raises(PortInUseError, match=f"^Port {port} is in use; .*another.$"):
        listen(port)


def test_only_loopback_is_listened_on() -> None:
    with closing(listen(0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
