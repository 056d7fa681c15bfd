"""Signed requests to AWS services with a JSON protocol, from botocore's parts, without a boto3 client.

A boto3 client takes 100 ms to create and twice the CPU time of each call: it loads the model of its service
and checks every parameter against it. The few requests of the hot paths are covered by tests instead. The
signature, the endpoint rules and the connection are botocore's. Everything else uses boto3.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.exceptions import ChecksumError, ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as AwsConnectionError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from chalicelib.adapters.aws_errors import (
    ATTEMPTS,
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    UnreadableResponse,
    read_timeout,
)

_CHECKSUM = "x-amz-crc32"
_RETRIED_STATUSES = frozenset({500, 502, 503, 504})
_RETRIED_CODES = frozenset(
    {
        "InternalServerError",
        "InternalServiceError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
_CONNECTIONS = 50


class Transport(Protocol):
    """Sends HTTP requests; botocore's `URLLib3Session` is one."""

    def send(self, request: AWSPreparedRequest, /) -> AWSResponse:
        """Return the response to a request. Raises BotoCoreError without one."""


class Credentials(Protocol):
    """Access key, secret key and session token, as botocore's signer reads them."""

    @property
    def access_key(self) -> str: ...  # noqa: D102 - named by its name
    @property
    def secret_key(self) -> str: ...  # noqa: D102
    @property
    def token(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class JsonService:
    """A service with AWS's JSON protocol: its signing name, its prefix of operations and its media type."""

    name: str
    target: str
    media_type: str


def http_session(url: str = "https://amazonaws.com") -> URLLib3Session:
    """Return connections that stay open between calls, through the proxy of the environment for `url`."""
    return URLLib3Session(
        proxies=get_environ_proxies(url),
        timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),  # type: ignore[arg-type]  # a pair is documented
        max_pool_connections=_CONNECTIONS,
        # A request is sent in two pieces. With Nagle's algorithm the second waits for an acknowledgement,
        # which the server delays by 40 ms.
        socket_options=[(IPPROTO_TCP, TCP_NODELAY, 1)],  # type: ignore[list-item]  # urllib3's form
    )


class SignedClient:
    """Calls the operations of one service at `endpoint`.

    `credentials` is called for each request, because a process may outlive them. `backoff` is called before
    the second attempt with its number; it sleeps, and raises Unavailable if the request has no time left.
    """

    def __init__(
        self,
        service: JsonService,
        region: str,
        endpoint: str,
        credentials: Callable[[], Credentials | None],
        transport: Transport,
        backoff: Callable[[int], None],
    ) -> None:
        self.transport = transport
        self._service = service
        self._region = region
        self._url = endpoint.rstrip("/") + "/"
        self._credentials = credentials
        self._backoff = backoff

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response to a request. Binary values are `bytes` in both.

        A second attempt follows if the first had no response, a damaged or 5xx response, or was throttled.
        Raises ClientError if AWS refuses the call, BotoCoreError without a usable response, and Unavailable
        if the request has no time left.
        """
        body = json.dumps(request, default=_base64, separators=(",", ":")).encode()
        for attempt in range(1, ATTEMPTS):
            try:
                return self._attempt(operation, body)
            except (HTTPClientError, AwsConnectionError, ChecksumError):
                pass
            except ClientError as error:
                if not _may_succeed_later(error):
                    raise
            self._backoff(attempt)
        return self._attempt(operation, body)

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        return _parsed(operation, self.transport.send(self._signed(operation, body)))

    def _signed(self, operation: str, body: bytes) -> AWSPreparedRequest:
        credentials = self._credentials()
        if credentials is None:
            raise NoCredentialsError
        headers = {
            "Content-Type": self._service.media_type,
            "X-Amz-Target": f"{self._service.target}.{operation}",
        }
        request = AWSRequest("POST", self._url, headers, body)
        request.context["read_timeout"] = read_timeout()
        signer = SigV4Auth(credentials, self._service.name, self._region)  # type: ignore[arg-type]  # duck-typed
        signer.add_auth(request)
        return request.prepare()


def _parsed(operation: str, response: AWSResponse) -> dict[str, Any]:
    """Return the body of a successful response. Raises as `SignedClient.call` does."""
    status, content = response.status_code, response.content
    expected = response.headers.get(_CHECKSUM)
    if expected is not None and expected != str(zlib.crc32(content)):
        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum="another")
    try:
        body = json.loads(content, object_hook=_with_bytes)
    except ValueError:
        body = None
    if status == HTTPStatus.OK and isinstance(body, dict):
        return body
    if isinstance(body, dict) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _refusal(operation, status, body if isinstance(body, dict) else {})
    # An empty response would mean "no such item" or "written".
    raise UnreadableResponse


def _refusal(operation: str, status: int, body: dict[str, Any]) -> ClientError:
    """Return AWS's refusal, with the members that botocore keeps."""
    code = str(body.pop("__type", "") or status).rpartition("#")[2].partition(":")[0]
    details: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **body}
    return ClientError(details, operation)


def _may_succeed_later(error: ClientError) -> bool:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in _RETRIED_STATUSES or error.response["Error"]["Code"] in _RETRIED_CODES


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no value of a request")


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """Decode the binary value of a DynamoDB attribute: `{"B": "<base64>"}`."""
    binary = value.get("B")
    if isinstance(binary, str) and len(value) == 1:
        return {"B": base64.b64decode(binary)}
    return value
