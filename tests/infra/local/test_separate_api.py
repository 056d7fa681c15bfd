"""`examples/separate_api` behind the local gateway: another API, the same authorizer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest
import requests
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from infra.local.gateway.events import lambda_context
from infra.local.separate_api import served
from infra.template.build import _run_chalice
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.source_modules import ROOT

EXAMPLE = ROOT / "examples" / "separate_api"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture(scope="module")
def url(stage: LocalDeployment) -> Iterator[str]:
    """The authorizer runs in this process, with the services of the stage."""
    with served(EXAMPLE) as running:
        yield running


def ask(url: str, method: str = "GET", token: str | None = None) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{url}/orders", headers=headers, timeout=10)


def test_a_token_of_gatehouse_is_good_for_another_api(stage: LocalDeployment, url: str) -> None:
    with closing(stage.signed_in()) as app:
        answer = ask(url, token=app.access_token)
        assert (answer.status_code, answer.json()) == (200, {"orders of": app.me().json()["id"]})
        assert ask(url, "DELETE", app.access_token).status_code == 403
    with closing(stage.signed_in(permissions=["orders:write"])) as app:
        assert ask(url, "DELETE", app.access_token).status_code == 200


def test_a_refused_token_is_a_401_that_an_app_knows(stage: LocalDeployment, url: str) -> None:
    for token, error in ((None, "unauthorized"), ("x.y.z", "invalid_token")):
        answer = ask(url, token=token)
        assert (answer.status_code, answer.json()["error"]) == (401, error)
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="orders"')
    with closing(stage.signed_in()) as app:
        stage.operate("sessions", "end", app.username)
        assert ask(url, token=app.access_token).status_code == 401


def test_chalices_own_server_asks_no_authorizer_of_another_api() -> None:
    """Which the page says: so this example must not be tried with `chalice local`."""
    from chalice.local import LocalGatewayAuthorizer

    from infra.local.separate_api import _loaded

    app = _loaded(EXAMPLE / "app.py")
    guard = LocalGatewayAuthorizer(app)
    event = {"requestContext": {"httpMethod": "GET", "resourcePath": "/orders"}, "headers": {}}
    with pytest.warns(UserWarning, match="All requests made against a route will be authorized"):
        guard.authorize("/orders", event, lambda_context("orders"))


def test_the_lines_for_sam_give_an_api_that_asks_the_authorizer() -> None:
    page = (ROOT / "docs" / "separate-api.md").read_text("utf-8")
    document = yaml_parse(page.partition("## SAM\n\n```yaml\n")[2].partition("```")[0])
    event = {
        "Type": "Api",
        "Properties": {"RestApiId": {"Ref": "Orders"}, "Path": "/orders", "Method": "get"},
    }
    function = {"Handler": "a.b", "Runtime": "python3.13", "CodeUri": {"Bucket": "a", "Key": "b"}}
    function["Events"] = {"Get": event}
    document["Resources"]["List"] = {"Type": "AWS::Serverless::Function", "Properties": function}
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="eu-west-1"))
    resources = translator.translate(document, parameter_values={})["Resources"]
    translator.metrics.publish()
    body = resources["Orders"]["Properties"]["Body"]
    assert body["paths"]["/orders"]["get"]["security"] == [{"Gatehouse": []}]
    responses = body["x-amazon-apigateway-gateway-responses"]
    assert responses["ACCESS_DENIED"]["statusCode"] == "401"
    assert responses["AUTHORIZER_FAILURE"]["statusCode"] == "503"
    allowed = [one for one in resources.values() if one["Type"] == "AWS::Lambda::Permission"]
    assert {"Ref": "AuthorizerArn"} in [one["Properties"]["FunctionName"] for one in allowed]


def test_the_example_packages_with_its_gateway_responses(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "separate_api")
    arguments = ["package", "--stage", "dev", "--merge-template", "resources.yaml", "out"]
    _run_chalice(arguments, folder, {"GATEHOUSE_AUTHORIZER_URI": "arn:of:the:authorizer"})
    api = yaml_parse((folder / "out" / "sam.yaml").read_text("utf-8"))["Resources"]["RestAPI"]["Properties"]
    definition = api["DefinitionBody"]["securityDefinitions"]["gatehouse"]
    assert definition["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == 60
    assert api["GatewayResponses"]["ACCESS_DENIED"]["StatusCode"] == "401"
