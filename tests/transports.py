"""Where signed requests go in tests: to moto in this process, past handlers of the test."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.models import botocore_stubber

from chalicelib.adapters.signed.client import Transport


class InProcessMoto:
    """Sends signed requests to moto in this process."""

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return the response of moto."""
        response = botocore_stubber("before-send", request)
        assert response is not None
        return response


@dataclass
class QueuedMoto(InProcessMoto):
    """The same for several threads: one other thread sends their requests, in the order of their arrival."""

    queue: ThreadPoolExecutor

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return the response of moto to this request, after those to the earlier ones."""
        return self.queue.submit(super().send, request).result()


@dataclass
class ListenedTransport:
    """Sends signed requests to `inner` unless a handler of a test responds.

    As botocore does with its events, it asks every handler and takes the first response.
    """

    inner: Transport
    handlers: list[tuple[str, Callable[..., Any]]] = field(default_factory=list)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return the first response."""
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        asked = [handler(request=request) for name, handler in self.handlers if name in {"", operation}]
        responses = [one for one in asked if one is not None]
        return responses[0] if responses else self.inner.send(request)
