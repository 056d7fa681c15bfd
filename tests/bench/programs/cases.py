"""What a worker can be asked to run. Each case imports what it needs when it runs, as a function does."""

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode

_handlers: dict[str, Any] = {}
_kept: dict[str, Any] = {}
_CLIENTS = ("dynamodb", "secretsmanager")


class _Context:
    """The context of an invocation, as far as a function of Gatehouse or Chalice reads it."""

    aws_request_id = "3f3c2a9e-7d38-4f0a-9a3c-1b0f6a8c9d10"
    function_name = "gatehouse-bench"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:gatehouse-bench"
    log_group_name = log_stream_name = "bench"
    identity = client_context = None

    def __init__(self) -> None:
        self._end = time.monotonic() + 30

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left."""
        return int((self._end - time.monotonic()) * 1000)


def load(handler: str) -> None:
    """Import a function, as Lambda does before the first event."""
    module, _, name = handler.rpartition(".")
    _handlers[handler] = getattr(importlib.import_module(module), name)


def invoke(handler: str, event: dict[str, Any]) -> Any:
    """Invoke a loaded function."""
    return _handlers[handler](event, _Context())


def invoke_all(calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Invoke several functions in turn."""
    return [invoke(handler, event) for handler, event in calls]


def keep_token(token: str) -> None:
    """Set the refresh token that `refresh` presents next."""
    _kept["token"] = token


def refresh(handler: str, event: dict[str, Any]) -> str:
    """Refresh with the token of the last answer, so that each call rotates it."""
    form = {name: values[0] for name, values in parse_qs(event["body"]).items()}
    form["refresh_token"] = _kept["token"]
    answer = invoke(handler, {**event, "body": urlencode(form)})
    if answer["statusCode"] != 200:
        raise AssertionError(answer)
    _kept["token"] = token = json.loads(answer["body"])["refresh_token"]
    return str(token)


def fake_sessions(user_id: str, session_id: str) -> None:
    """Replace the port of sessions by one that returns what the table holds now."""
    from chalicelib.services import get_services

    adapters = get_services().adapters
    view = adapters.sessions.session_and_account(user_id, session_id)
    fake = SimpleNamespace(session=lambda *_: view, session_and_account=lambda *_: view)
    adapters.__dict__["sessions"] = fake


def boto3_clients() -> None:
    """Import boto3, and create the two clients that the authorizer's calls need."""
    import boto3

    for name in _CLIENTS:
        _kept[name] = boto3.client(name, region_name="us-east-1")  # type: ignore[call-overload]


def boto3_read(table: str, keys: list[Any]) -> None:
    """Make the authorizer's read with a client that has been created once."""
    if "reader" not in _kept:
        import boto3

        _kept["reader"] = boto3.client("dynamodb", region_name="us-east-1")
    request = {table: {"Keys": keys, "ConsistentRead": True}}
    if len(_kept["reader"].batch_get_item(RequestItems=request)["Responses"][table]) == 0:
        raise AssertionError("nothing was read")


def decode(token: str, key: str, issuer: str) -> None:
    """Decode a token with PyJWT and nothing else, with the checks that Gatehouse makes."""
    import jwt

    jwt.decode(
        token,
        key,
        algorithms=["HS256"],
        audience=issuer,
        issuer=issuer,
        leeway=60,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
    )


def empty_route(event: dict[str, Any]) -> None:
    """Dispatch a request to a route of Chalice that returns an empty object."""
    if "app" not in _kept:
        from chalice.app import Chalice

        _kept["app"] = app = Chalice("empty", configure_logs=False)
        app.route("/me")(dict)
    if _kept["app"](event, _Context())["statusCode"] != 200:
        raise AssertionError("the empty route failed")


def empty_route_and_decode(event: dict[str, Any], token: str, key: str, issuer: str) -> None:
    """Dispatch to an empty route, and decode a token."""
    decode(token, key, issuer)
    empty_route(event)


def bcrypt_alone(cost: int) -> None:
    """Compare one password with one hash."""
    import bcrypt

    if "hash" not in _kept:
        _kept["hash"] = bcrypt.hashpw(b"correct horse battery staple", bcrypt.gensalt(cost))
    if not bcrypt.checkpw(b"correct horse battery staple", _kept["hash"]):
        raise AssertionError


def modules() -> list[str]:
    """Return the names of all modules that are loaded."""
    return sorted(sys.modules)


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in KiB."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib would be loaded, too
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def allocated(handler: str, event: dict[str, Any]) -> int:
    """Return the bytes of memory that one call holds at most, beyond what was held before."""
    import tracemalloc

    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        invoke(handler, event)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def sampled(handler: str, event: dict[str, Any], calls: int) -> dict[str, int]:
    """Return how often each stack was seen while a warm function was invoked: `outer;inner`, by CPU time."""
    import signal

    found: dict[str, int] = {}

    def take(_: int, frame: Any) -> None:
        names = []
        while frame is not None and frame.f_code is not sampled.__code__:
            module = frame.f_globals.get("__name__", "?")
            names.append(f"{module}.{frame.f_code.co_qualname}")
            frame = frame.f_back
        stack = ";".join(reversed(names))
        found[stack] = found.get(stack, 0) + 1

    signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    try:
        for _ in range(calls):
            invoke(handler, event)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return found


def logged(handler: str, event: dict[str, Any]) -> int:
    """Return the bytes that one call writes to standard output, which is the function's log."""
    import tempfile

    before = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            invoke(handler, event)
            sys.stdout.flush()
        finally:
            os.dup2(before, 1)
            os.close(before)
        return file.seek(0, os.SEEK_END)


CASES = {
    case.__name__: case
    for case in (
        load,
        invoke,
        invoke_all,
        keep_token,
        refresh,
        fake_sessions,
        boto3_clients,
        boto3_read,
        decode,
        empty_route,
        empty_route_and_decode,
        bcrypt_alone,
        modules,
        peak_memory,
        allocated,
        sampled,
        logged,
    )
}
