"""Serve `chalice local` with the AWS of a running `make run` or with moto in this process, never AWS itself.

`app.py` imports this module only under `chalice local`. Chalice's local server then refuses requests with the
responses of API Gateway, except for unknown paths and methods.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from chalice.app import ChaliceAuthorizer
from chalice.cli.filewatch.stat import StatFileWatcher
from chalice.local import LocalGateway, LocalGatewayAuthorizer, LocalGatewayException

from infra.local.environment import HOST, STAGE, isolate, running_stack
from infra.local.gateway.answers import from_refusal
from infra.local.gateway.authorizer import TokenAuthorizer
from infra.local.gateway.messages import RefusedError, Response
from infra.local.gateway.routes import known, match
from infra.local.own.fragment import Fragment
from infra.local.own.running import running_environment
from infra.local.stack.reloading import Snapshot, snapshot
from infra.local.stack.server import listen

_LOG = logging.getLogger(__name__)
_FILE = Path(".local") / "stack.json"
_WITHOUT_AWS = frozenset({"/health"})


def prepare() -> None:
    """Set the environment of the functions, and replace Chalice's authorizer by one that answers as on AWS.

    moto starts at the first request that needs it, but its address is known from now on, since modules may
    create clients when they are imported.
    """
    file = Path(os.environ.pop("GATEHOUSE_STACK_FILE", "") or _FILE)
    isolate()
    stack = running_stack(file)
    server = _Server(is_started=stack is not None)
    os.environ.update(running_environment(stack) if stack else server.reserve())
    _install(server)


class _Server:
    """The AWS that the functions use, and the gateway responses in front of them."""

    def __init__(self, *, is_started: bool) -> None:
        self._is_started = is_started
        self._lock = Lock()
        self._authorizers: dict[str, TokenAuthorizer] = {}

    def reserve(self) -> dict[str, str]:
        """Listen on a port for moto, and return the variables that are known before it starts."""
        self._listener = listen(0)
        own = Fragment.load(os.environ).known_variables()
        return {
            **own,
            "STAGE": STAGE,
            "ISSUER": _own_url(),
            "AWS_ENDPOINT_URL": f"http://{HOST}:{self._listener.getsockname()[1]}",
        }

    def start(self) -> None:
        """Start moto with the resources and accounts of `make run`, unless it runs.

        Raises what entering a LocalStack raises.
        """
        with self._lock:
            if self._is_started:
                return
            from infra.local.inbox.application import PATH
            from infra.local.stack.demo import ACCOUNTS, PASSWORD
            from infra.local.stack.local_stack import LocalStack

            stack = LocalStack(aws_port=self._listener, environment=dict(os.environ))
            stack.issuer = _own_url()
            # Never exited: the stack lives as long as this process.
            stack.__enter__()
            self._is_started = True
            for notice in stack.notices:
                print(notice)
            print(f"Accounts: {', '.join(ACCOUNTS)}; password of both: {PASSWORD}")
            print(f"Mails that a deployment would send: {stack.api_url}{PATH}", flush=True)

    def authorize(self, guard: ChaliceAuthorizer, token: str | None, arn: str) -> dict[str, Any]:
        """Return the authorizer's context. Raises RefusedError."""
        with self._lock:
            if guard.name not in self._authorizers:
                rules = self._template.rules(guard.name)
                self._authorizers[guard.name] = TokenAuthorizer(guard.name, guard, rules)
        return self._authorizers[guard.name].authorize(token, arn)

    def refusal(self, kind: str, status: int) -> LocalGatewayException:
        """Return a gateway response of the template as the exception that Chalice sends."""
        return _Refusal(from_refusal(self._template.gateway_responses(), kind, status))

    @cached_property
    def _template(self) -> Any:
        from infra.local.stack.template import Template

        return Template.load({**os.environ, "STAGE": STAGE})


class _Refusal(LocalGatewayException):
    def __init__(self, response: Response) -> None:
        super().__init__(dict(response.headers), response.body)
        self.CODE = response.status


def _install(server: _Server) -> None:
    """Change the classes of Chalice's local server in this process."""
    handle, original_authorize = LocalGateway.handle_request, LocalGatewayAuthorizer.authorize
    seen: Snapshot | None = None

    def handle_request(self: LocalGateway, method: str, path: str, headers: Any, body: Any) -> Any:
        try:
            # Chalice has the same attribute in every version; it has no public one.
            if _needs_aws(self._app_object.routes, method, path):
                server.start()
            return handle(self, method, path, headers, body)
        except LocalGatewayException:
            raise
        except Exception as error:
            # Chalice would close the connection.
            _LOG.exception("%s %s failed", method, path.partition("?")[0])
            raise server.refusal("DEFAULT_5XX", 502) from error

    def authorize(self: LocalGatewayAuthorizer, raw_path: str, lambda_event: Any, lambda_context: Any) -> Any:
        entry = self._route_for_event(lambda_event)
        guard: Any = entry.authorizer if entry else None
        if not isinstance(guard, ChaliceAuthorizer):
            return original_authorize(self, raw_path, lambda_event, lambda_context)
        token = lambda_event["headers"].get(guard.config.header.lower())
        arn = self._arn_builder.build_arn(lambda_event["requestContext"]["httpMethod"], raw_path)
        try:
            context = server.authorize(guard, token, arn)
        except RefusedError as error:
            raise server.refusal(error.kind, error.status) from error
        lambda_event["requestContext"]["authorizer"] = context
        return lambda_event, lambda_context

    def poll(_: StatFileWatcher, root_dir: str, callback: Any) -> None:
        nonlocal seen
        before, seen = seen, snapshot(Path(root_dir))
        if before is not None and before != seen:
            callback()

    # Chalice would restart at every change below the project, such as a line in the log of `make run`.
    StatFileWatcher._single_pass_poll = poll  # type: ignore[method-assign,assignment]  # noqa: SLF001
    LocalGateway.handle_request = handle_request  # type: ignore[method-assign]
    LocalGatewayAuthorizer.authorize = authorize  # type: ignore[method-assign]


def _needs_aws(routes: Mapping[str, Mapping[str, Any]], method: str, path: str) -> bool:
    route = match(routes, known(method), path.partition("?")[0])
    return route is not None and route.resource not in _WITHOUT_AWS


def _own_url() -> str:
    """Return the address of Chalice's server, from the command line of this process."""
    return f"http://{_option('--host', HOST)}:{_option('--port', '8000')}"


def _option(name: str, default: str) -> str:
    words = sys.argv
    for index, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name:
            with suppress(IndexError):
                return words[index + 1]
    return default
