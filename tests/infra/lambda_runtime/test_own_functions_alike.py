"""The same own functions behind `make run`, behind `chalice local`, and in the package: case by case."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from chalice.app import Chalice

from chalicelib.api import authorizer
from chalicelib.api.cors import cross_origin
from chalicelib.api.http import request_scope
from chalicelib.api.views import finalize_routes
from chalicelib.domain.accounts.passwords import Password
from chalicelib.oauth.requests import TokenRequest
from chalicelib.services import get_services
from chalicelib.settings import ALL_ROUTES, OWN_ROUTES
from infra.local.environment import HOST
from infra.local.gateway.routes import match
from infra.local.stack.local_stack import LocalStack
from infra.local.stack.server import listen
from tests.blackbox.test_process import ROOT, heard, running
from tests.infra.lambda_runtime import events
from tests.infra.lambda_runtime.function import Unpacked
from tests.infra.lambda_runtime.function import running as running_function
from tests.infra.local.own_app import opening

SAMPLE = Path(__file__).with_name("sample.py")
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Case:
    method: str
    path: str
    body: Any = None
    token: str = ""
    status: int = 200
    expected: Any = None
    """The body, or the error code of it."""


CASES = {
    "claims": Case("GET", "/sample/me", token="holder", expected={"scope": "sample:read"}),
    "a missing permission": Case("GET", "/sample/secret", None, "holder", 403, "insufficient_scope"),
    "no token": Case("GET", "/sample/me", status=401, expected="unauthorized"),
    "a refused token": Case("GET", "/sample/me", None, "garbage", 401, "invalid_token"),
    "a body": Case(
        "POST", "/sample/notes/a?q=%C3%A9", {"text": "é"}, expected={"name": "a", "text": "é", "query": "é"}
    ),
    "a text of the function": Case("POST", "/sample/notes/a", {}, "", 400, "invalid_request"),
    "a text that may not be sent": Case("POST", "/sample/notes/none", {"text": ""}, "", 404, "not_found"),
    "a crash": Case("GET", "/sample/crash", status=500, expected="server_error"),
    "NaN": Case("GET", "/sample/nan", status=500, expected="server_error"),
    "7 MB": Case("GET", "/sample/large", status=500, expected="server_error"),
    "a status": Case("GET", "/sample/teapot", status=418, expected={"short": True}),
}
REFUSED_BY_THE_GATEWAY = {"no token", "a refused token"}

Ask = Callable[[Case], tuple[int, Any, Mapping[str, str]]]


def fresh() -> ModuleType:
    """Import the sample anew: a blueprint can be registered once."""
    spec = importlib.util.spec_from_file_location("sample", SAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample_app() -> Chalice:
    app = Chalice("sample", configure_logs=False)
    app.register_middleware(cross_origin, "http")
    app.register_middleware(request_scope, "http")
    app.register_blueprint(authorizer.blueprint)
    app.register_blueprint(fresh().blueprint)
    finalize_routes.finalize(app)
    return app


def add_sample(project: Path) -> None:
    """Add the sample to a copy of the source, as a developer does."""
    shutil.copy(SAMPLE, project / "chalicelib" / "functions")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    file = tmp_path_factory.mktemp("run") / ".local" / "stack.json"
    app = sample_app()
    with LocalStack(environment={"BCRYPT_COST": "4"}, application=opening(app), file=file) as running_stack:
        yield running_stack


@pytest.fixture(scope="module")
def tokens(stack: LocalStack) -> dict[str, str]:
    get_services().create_account(
        email="holder@example.com", password=Password(PASSWORD), permissions=["sample:read"]
    )
    form = {"grant_type": "password", "username": "holder@example.com", "password": PASSWORD}
    answer = get_services().token_endpoint(TokenRequest(form, stack.api_url, stack.api_url)).to_wire()
    return {"holder": str(answer["access_token"]), "garbage": "x.y.z"}


def over_http(url: str, tokens: Mapping[str, str]) -> Ask:
    def ask(case: Case) -> tuple[int, Any, Mapping[str, str]]:
        headers = {"Authorization": f"Bearer {tokens[case.token]}"} if case.token else {}
        answer = requests.request(case.method, url + case.path, json=case.body, headers=headers, timeout=30)
        return answer.status_code, answer.json(), answer.headers

    return ask


@pytest.fixture(scope="module")
def make_run(stack: LocalStack, tokens: dict[str, str]) -> Ask:
    return over_http(stack.api_url, tokens)


@pytest.fixture(scope="module")
def chalice_local(
    stack: LocalStack, tokens: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ask]:
    project = tmp_path_factory.mktemp("project")
    for name in ("infra", ".chalice"):
        (project / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", project)
    (project / "requirements.txt").touch()
    add_sample(project)
    (project / ".local").mkdir()
    (project / ".local" / "stack.json").write_text(json.dumps(stack.describe()))
    with closing(listen(0)) as listener:
        port = listener.getsockname()[1]
    chalice = str(Path(sys.executable).with_name("chalice"))
    command = [chalice, "local", "--port", str(port), "--no-autoreload"]
    with running(command, project, GATEHOUSE_ROUTES=ALL_ROUTES) as process:
        heard(process, "Serving on ")
        yield over_http(f"http://{HOST}:{port}", tokens)


@pytest.fixture(scope="module")
def packaged(
    package: Unpacked,
    stack: LocalStack,
    tokens: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ask]:
    """Run the package, to which the sample is added, with Lambda's runtime; the gateway is left out."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(package.task, folder / "task", copy_function=linked)
    for path in [folder / "task", *(folder / "task").rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    add_sample(folder / "task")
    shutil.rmtree(folder / "task" / "__pycache__", ignore_errors=True)
    routes = sample_app().routes
    own = replace(package, task=folder / "task")
    variables = {**stack.environment, "GATEHOUSE_ROUTES": OWN_ROUTES}
    with running_function(own, "app.app", variables, folder / "log") as function:

        def ask(case: Case) -> tuple[int, Any, Mapping[str, str]]:
            path, _, query = case.path.partition("?")
            route = match(routes, case.method, path)
            assert route is not None
            context = claims_of(tokens[case.token]) if route.entry.authorizer else None
            body = None if case.body is None else json.dumps(case.body)
            headers = {"Content-Type": "application/json"}
            event = events.proxied(case.method, path, body=body, headers=headers, authorizer=context)
            event |= {"resource": route.resource, "pathParameters": route.parameters or None}
            event["requestContext"]["resourcePath"] = route.resource
            event["multiValueQueryStringParameters"] = parse_qs(query) or None
            answer = function(event)
            return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

        yield ask


def linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def claims_of(token: str) -> dict[str, Any]:
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{events.API_ID}/{events.STAGE}/GET/x"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": arn}
    return events.handed_on(authorizer.bearer(event, None)["context"])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("way", ["make_run", "chalice_local", "packaged"])
def test_the_three_behave_alike(way: str, name: str, request: pytest.FixtureRequest) -> None:
    case = CASES[name]
    if way == "packaged" and name in REFUSED_BY_THE_GATEWAY:
        return
    ask: Ask = request.getfixturevalue(way)
    status, body, headers = ask(case)
    assert status == case.status
    if isinstance(case.expected, str):
        assert set(body) == {"error", "error_description"}
        assert body["error"] == case.expected
    else:
        assert {key: body[key] for key in case.expected} == case.expected
    assert "hunter2" not in json.dumps(body)
    assert "Retry-After" not in headers
    if name == "a text of the function":
        assert body["error_description"] == "text is missing"
    if name == "a status":
        assert headers["X-Pot"] == "tea"
