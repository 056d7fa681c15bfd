"""The template, merged into what Chalice packages and put through the transform that AWS applies."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from infra.local.stack.template import TEMPLATE, Template

BIN = Path(sys.executable).parent
APP = """
from chalice import Chalice
app = Chalice("toy")

@app.authorizer()
def bearer(request):
    pass

@app.lambda_function()
def rotate(event, context):
    pass

@app.route("/me", authorizer=bearer)
def me():
    pass
"""


class NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template that `chalice package` makes of a small app and ours."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "app.py").write_text(APP)
    (folder / "requirements.txt").touch()
    (folder / ".chalice").mkdir()
    (folder / ".chalice" / "config.json").write_text(json.dumps({"version": "2.0", "app_name": "toy"}))
    shutil.copy(TEMPLATE, folder / "template.yaml")
    run([BIN / "chalice", "package", "--merge-template", "template.yaml", "out"], folder)
    return folder / "out" / "sam.yaml"


@pytest.fixture(scope="module")
def deployed(packaged: Path) -> dict[str, Any]:
    """Return the resources that CloudFormation would make of it."""
    document = yaml_parse(packaged.read_text())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        resources: dict[str, Any] = transform(document, {}, NoManagedPolicies())["Resources"]
    return resources


def run(command: list[Any], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_cloudformation_would_take_it(packaged: Path) -> None:
    run([BIN / "cfn-lint", "--regions", "eu-west-1", "--", packaged], packaged.parent)


def test_there_are_no_aliases_which_cloudformation_does_not_read(packaged: Path) -> None:
    assert not re.search(r"[&*]id\d", packaged.read_text())


def test_the_identity_check_and_the_cache_reach_the_authorizer(deployed: dict[str, Any]) -> None:
    definitions = deployed["RestAPI"]["Properties"]["Body"]["securityDefinitions"]
    authorizer = definitions["bearer"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "token"
    assert authorizer["authorizerResultTtlInSeconds"] == {"Ref": "AuthorizerCacheSeconds"}
    assert authorizer["identityValidationExpression"] == "^[Bb][Ee][Aa][Rr][Ee][Rr]( .*)?$"


def test_the_gateway_responses_reach_the_api(deployed: dict[str, Any]) -> None:
    responses = deployed["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert set(responses) == set(Template.load({}).gateway_responses())
    assert responses["ACCESS_DENIED"]["statusCode"] == "401"
    parameters = responses["ACCESS_DENIED"]["responseParameters"]
    for name in ("Allow-Origin", "Expose-Headers"):
        header = parameters.pop(f"gatewayresponse.header.Access-Control-{name}")
        assert header["Fn::If"][0] == "HasCors"
    assert parameters == {
        "gatewayresponse.header.Cache-Control": "'no-store'",
        "gatewayresponse.header.WWW-Authenticate": '\'Bearer realm="gatehouse", error="invalid_token"\'',
    }


@pytest.mark.parametrize("function", ["APIHandler", "Bearer", "Rotate"])
def test_every_function_knows_its_table_and_its_secret(deployed: dict[str, Any], function: str) -> None:
    variables = deployed[function]["Properties"]["Environment"]["Variables"]
    assert variables["USERS_TABLE"] == {"Ref": "UsersTable"}
    assert variables["SIGNING_SECRET_ID"] == {"Ref": "SigningSecret"}


@pytest.mark.parametrize("resource", ["UsersTable", "SigningSecret"])
def test_what_cannot_be_made_again_outlives_the_stack(deployed: dict[str, Any], resource: str) -> None:
    assert deployed[resource]["DeletionPolicy"] == "Retain"
    assert deployed[resource]["UpdateReplacePolicy"] == "Retain"


def test_every_parameter_has_a_meaning_a_default_and_a_range() -> None:
    for parameter in yaml_parse(TEMPLATE.read_text())["Parameters"].values():
        assert parameter["Description"].endswith(".")
        assert "Default" in parameter
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter)


def test_settings_of_the_environment_replace_the_defaults() -> None:
    template = Template.load({"AUTHORIZER_CACHE_SECONDS": "7", "BCRYPT_COST": "", "UNKNOWN": "x"})
    assert template.authorizer("bearer").cache_seconds == 7
    assert Template.load({}).authorizer("bearer").cache_seconds == 60
    physical, ours = {"UsersTable": "t", "SigningSecret": "s"}, {"STAGE": "local", "ISSUER": "i", "A": "b"}
    variables = template.environment(physical, ours)
    assert {name: variables[name] for name in ours} == ours
    assert (variables["USERS_TABLE"], variables["SIGNING_SECRET_ID"]) == ("t", "s")
    assert (variables["AUTHORIZER_CACHE_SECONDS"], variables["BCRYPT_COST"]) == ("7", "12")


def test_a_function_that_the_local_stack_cannot_evaluate_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Globals: {Function: {Environment: {Variables: {A: !GetAtt X.Arn}}}}")
    with pytest.raises(ValueError, match="The attribute Arn of X"):
        Template.load({}, file).environment({}, {})
    assert Template.load({}, file).environment({}, {"A": "ours"}) == {"A": "ours"}
