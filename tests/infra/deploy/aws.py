"""AWS for the deployer: moto, taught, behind one serving thread, in an account of its own for each test."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from moto.cloudformation.models import Stack, cloudformation_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.infra.deploy.moto_cloudformation import Script, teach
from tests.infra.deploy.moto_types import without_moto

REGION = "eu-west-1"
_ACCOUNTS = itertools.count(200_000_000_001)


@dataclass
class Aws:
    """One account."""

    account: str
    url: str
    script: Script = field(default_factory=Script)
    calls: list[str] = field(default_factory=list)
    """Every call in order, by its action, else `METHOD /path`."""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The parameters of every call of the query protocol, which is CloudFormation's."""
    owners: dict[str, str] = field(default_factory=dict)
    """Whom each call says that the bucket belongs to."""
    checksums: list[str] = field(default_factory=list)
    """SHA-256 of each upload, as its request says."""
    lose: Callable[[str], bool] = lambda _call: False
    """Tells of a call whether the network loses it."""
    refuse: dict[str, str] = field(default_factory=dict)
    """Error codes by call: what AWS, or something in its place, answers with."""
    refuse_status: int = 403
    limit: dict[str, int] = field(
        default_factory=lambda: {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    )
    """How many functions Lambda runs at once."""

    @property
    def bucket(self) -> str:
        return f"gatehouse-deploy-{self.account}-{REGION}"

    def client(self, service: Any) -> Any:
        return boto3.client(service, region_name=REGION, endpoint_url=self.url)

    def sent(self, call: str, stack: str = "") -> list[dict[str, str]]:
        """Return the parameters of each call of a name, to a stack if one is given."""
        return sent(self.requests, call, stack)

    def stack(self, name: str = "gatehouse-prod") -> Stack:
        """Return the stack inside moto, for a test to turn."""
        return cloudformation_backends[self.account][REGION].get_stack(name)

    def outputs(self, name: str = "gatehouse-prod") -> dict[str, str]:
        with closing(self.client("cloudformation")) as client:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def sent(requests: list[tuple[str, dict[str, str]]], call: str, stack: str) -> list[dict[str, str]]:
    """Return the parameters of those requests that are such calls, to a stack if one is given."""
    return [
        parameters
        for name, parameters in requests
        if name == call and f"{stack}/" in f"{parameters.get('StackName', '')}/"
    ]


@contextmanager
def taught_aws(patch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Serve AWS, and lead boto3 there."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    moto = DomainDispatcherApplication(create_backend_app)
    aws = Aws(str(next(_ACCOUNTS)), "")

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = aws.account
        call, parameters = _read(environ)
        aws.calls.append(call)
        aws.requests.append((call, parameters))
        if checksum := environ.get("HTTP_X_AMZ_CHECKSUM_SHA256"):
            aws.checksums.append(checksum)
        if f"/gatehouse-deploy-{aws.account}" in call:
            aws.owners[f"{call}?{environ['QUERY_STRING']}"] = environ.get(
                "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", ""
            )
        if aws.lose(call):
            raise ConnectionAbortedError
        if answer := without_moto(call, aws.limit):
            start_response("200 OK", [("Content-Type", "application/json")])
            return [answer.encode()]
        if code := aws.refuse.get(call):
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>No.</Message></Error></ErrorResponse>"
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            headers = [("Content-Type", "text/xml"), ("x-amzn-ErrorType", code)]
            start_response(f"{aws.refuse_status} ", headers)
            return [body.encode()]
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    aws.url = f"http://127.0.0.1:{server.server_port}"
    teach(patch, aws.script)
    for name, value in {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        patch.setenv(name, value)
    patch.delenv("AWS_REGION", raising=False)
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _read(environ: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the name of a call, and what it asks for in the query protocol."""
    if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            return str(target), {}
        parameters = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return parameters["Action"], parameters
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", {}
