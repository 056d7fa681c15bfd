"""What API Gateway is told by the template, after the transform; and the local stack by the same files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.local.stack.template import DATA_TEMPLATE, TEMPLATE, Template
from infra.template.build import as_text
from tests.infra.template.packaged import transformed

DEPLOYED = transformed()["Resources"]


def test_there_are_no_aliases_which_cloudformation_does_not_read() -> None:
    assert not re.search(r"[&*]id\d", as_text(transformed()))


def test_the_identity_check_and_the_cache_reach_the_authorizer() -> None:
    definitions = DEPLOYED["RestAPI"]["Properties"]["Body"]["securityDefinitions"]
    authorizer = definitions["bearer"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "token"
    assert authorizer["authorizerResultTtlInSeconds"] == {"Ref": "AuthorizerCacheSeconds"}
    assert (
        authorizer["identityValidationExpression"]
        == "^([Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc])( .*)?$"
    )


def test_the_gateway_responses_reach_the_api() -> None:
    responses = DEPLOYED["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert set(responses) == set(Template.load({}).gateway_responses())
    assert responses["ACCESS_DENIED"]["statusCode"] == "401"
    parameters = dict(responses["ACCESS_DENIED"]["responseParameters"])
    for name in ("Allow-Origin", "Expose-Headers"):
        header = parameters.pop(f"gatewayresponse.header.Access-Control-{name}")
        assert header["Fn::If"][0] == "HasCors"
    assert parameters == {
        "gatewayresponse.header.Cache-Control": "'no-store'",
        "gatewayresponse.header.WWW-Authenticate": '\'Bearer realm="gatehouse", error="invalid_token"\'',
    }


@pytest.mark.parametrize("function", ["APIHandler", "Bearer", "Rotate"])
def test_every_function_knows_its_table_and_its_secret(function: str) -> None:
    variables = DEPLOYED[function]["Properties"]["Environment"]["Variables"]
    assert variables["USERS_TABLE"] == {"Fn::Sub": "gatehouse-${Stage}"}
    assert variables["SIGNING_SECRET_ID"] == {"Fn::Sub": "gatehouse-${Stage}/signing-key"}


def test_every_parameter_has_a_meaning_a_default_and_a_range() -> None:
    declared = [yaml_parse(file.read_text())["Parameters"] for file in (TEMPLATE, DATA_TEMPLATE)]
    for parameter in (one for part in declared for one in part.values()):
        assert parameter["Description"].endswith(".")
        assert "Default" in parameter
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter)


def test_settings_of_the_environment_replace_the_defaults() -> None:
    template = Template.load({"AUTHORIZER_CACHE_SECONDS": "7", "BCRYPT_COST": "", "UNKNOWN": "x"})
    assert template.authorizer("bearer").cache_seconds == 7
    assert Template.load({}).authorizer("bearer").cache_seconds == 60
    physical, ours = {"UsersTable": "t"}, {"STAGE": "local", "ISSUER": "i", "A": "b"}
    variables = template.environment(physical, ours)
    assert {name: variables[name] for name in ours} == ours
    assert variables["USERS_TABLE"] == "gatehouse-dev"
    assert variables["SIGNING_SECRET_ID"] == "gatehouse-dev/signing-key"
    assert (variables["AUTHORIZER_CACHE_SECONDS"], variables["BCRYPT_COST"]) == ("7", "12")


def test_a_function_that_the_local_stack_cannot_evaluate_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Globals: {Function: {Environment: {Variables: {A: !GetAtt X.Arn}}}}")
    with pytest.raises(ValueError, match="The attribute Arn of X"):
        Template.load({}, file).environment({}, {})
    assert Template.load({}, file).environment({}, {"A": "ours"}) == {"A": "ours"}
