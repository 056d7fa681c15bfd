"""The template that is deployed: what Chalice makes of the app and ours, after SAM's transform."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app import app
from infra.deploy.packaging.runtime import RUNTIME_NAME
from infra.local.stack.template import Template
from tests.infra.template.packaged import FUNCTIONS, document, packaged, transformed
from tests.infra.template.resolved import ACCOUNT, STACK, Resolved

LINT = Path(sys.executable).parent / "cfn-lint"
BODY = transformed()["Resources"]["RestAPI"]["Properties"]["Body"]
PLAIN = Resolved(transformed())


def lint(file: Path) -> None:
    done = subprocess.run(  # noqa: S603
        [LINT, "--regions", "us-east-1", "eu-west-1", "--", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_finds_nothing_in_what_is_uploaded(tmp_path: Path) -> None:
    file = tmp_path / "sam.yaml"
    file.write_text(packaged())
    lint(file)


def test_cfn_lint_finds_nothing_in_what_sam_makes_of_it(tmp_path: Path) -> None:
    file = tmp_path / "cloudformation.json"
    file.write_text(json.dumps(transformed()))
    lint(file)


def test_merging_leaves_no_intrinsic_beside_another_key() -> None:
    """Chalice merges maps, so `!If` over its own `!Sub` would give a map of both."""

    def check(node: Any) -> None:
        if isinstance(node, dict):
            intrinsics = [name for name in node if name == "Ref" or name.startswith("Fn::")]
            assert not intrinsics or len(node) == 1, node
        for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            check(one)

    check(document())


@pytest.mark.parametrize(
    ("function", "handler", "memory", "seconds"),
    [
        ("APIHandler", "app.app", 1769, 10),
        ("Bearer", "chalicelib.api.authorizer.bearer", 512, 10),
        ("Rotate", "chalicelib.api.key_rotation.rotate", 256, 60),
    ],
)
def test_each_function_has_its_size_and_its_time(
    function: str, handler: str, memory: int, seconds: int
) -> None:
    found = PLAIN.properties(function)
    assert (found["Handler"], found["MemorySize"], found["Timeout"]) == (handler, memory, seconds)
    assert (found["Runtime"], found["Architectures"]) == (RUNTIME_NAME, ["x86_64"])


def test_every_function_runs_on_the_python_that_is_packaged_for() -> None:
    """Chalice would take the version of whatever Python runs it."""
    runtimes = {name: one["Runtime"] for name, one in PLAIN.of_type("AWS::Lambda::Function").items()}
    assert runtimes == dict.fromkeys(runtimes, RUNTIME_NAME), "set `Runtime` in infra/template.yaml"


def test_no_stage_is_named_in_the_template_of_another() -> None:
    """But for the tag that Chalice puts on functions."""
    other = packaged("a-new-one").replace("stage=a-new-one", "stage=prod")
    assert other == packaged("prod")


def test_the_gateway_responses_reach_the_api() -> None:
    responses = PLAIN.properties("RestAPI")["Body"]["x-amazon-apigateway-gateway-responses"]
    ours = Template.load({}).gateway_responses()
    assert set(responses) == set(ours)
    for kind, response in ours.items():
        assert responses[kind]["responseTemplates"] == response["ResponseTemplates"]
        assert responses[kind].get("statusCode") == response.get("StatusCode")


def test_the_authorizer_guards_what_the_app_guards() -> None:
    for path, methods in app.routes.items():
        for method, entry in methods.items():
            wanted: Any = [{"bearer": []}] if entry.authorizer else None
            assert BODY["paths"][path][method.lower()].get("security") == wanted, (method, path)


@pytest.mark.parametrize("seconds", ["0", "60", "3600"])
def test_the_cache_of_the_authorizer_is_a_parameter(seconds: str) -> None:
    template = Resolved(transformed(), {"AuthorizerCacheSeconds": seconds})
    definition = template.properties("RestAPI")["Body"]["securityDefinitions"]["bearer"]
    assert definition["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == seconds
    for function in FUNCTIONS:
        variables = template.properties(function)["Environment"]["Variables"]
        assert variables["AUTHORIZER_CACHE_SECONDS"] == seconds


def test_the_accounts_are_kept_safe() -> None:
    table = PLAIN.properties("UsersTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize(("stage", "is_protected"), [("dev", False), ("prod", True), ("develop", True)])
def test_only_dev_lets_its_table_be_deleted(stage: str, *, is_protected: bool) -> None:
    table = Resolved(transformed(), {"Stage": stage}).properties("UsersTable")
    assert table["DeletionProtectionEnabled"] is is_protected


def test_what_cannot_be_made_again_outlives_the_stack() -> None:
    for name in ("UsersTable", "SigningSecret"):
        assert PLAIN.resources[name]["DeletionPolicy"] == "Retain"
        assert PLAIN.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_signing_key_is_rotated_by_the_rotation_function() -> None:
    rotation = PLAIN.resources["SigningSecretRotation"]
    assert rotation["Properties"]["RotationLambdaARN"] == "Rotate.Arn"
    assert rotation["Properties"]["SecretId"] == PLAIN.outputs["SigningSecretArn"]["Value"]
    assert rotation["Properties"]["RotationRules"] == {"AutomaticallyAfterDays": "30"}
    assert rotation["DependsOn"] == "RotateInvokePermission"


def test_only_this_secret_may_have_itself_rotated() -> None:
    assert PLAIN.properties("RotateInvokePermission") == {
        "FunctionName": "Rotate.Arn",
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": ACCOUNT,
        "SourceArn": PLAIN.outputs["SigningSecretArn"]["Value"],
    }


def test_the_outputs_name_what_tools_need() -> None:
    assert set(PLAIN.outputs) >= {
        "EndpointURL",
        "RestAPIId",
        "ApiStageName",
        "UsersTableName",
        "SigningSecretArn",
        "DashboardURL",
        "ApiFunctionName",
        "AuthorizerFunctionName",
        "RotationFunctionName",
    }
    assert PLAIN.outputs["UsersTableName"]["Value"] == "UsersTable"
    assert PLAIN.outputs["DashboardURL"]["Value"].endswith("#dashboards/dashboard/Dashboard")


def test_two_stages_of_one_account_share_no_name() -> None:
    """Only what is named after the stack, or by CloudFormation, can stand beside another stage's."""
    assert (
        PLAIN.properties("RestAPI")["Name"] == PLAIN.properties("RestAPI")["Body"]["info"]["title"] == STACK
    )
    assert PLAIN.properties("Dashboard")["DashboardName"] == STACK
    for query in PLAIN.of_type("AWS::Logs::QueryDefinition").values():
        assert query["Name"].startswith(f"{STACK}/")
    named = {"FunctionName", "TableName", "LogGroupName", "RoleName", "AlarmName", "TopicName"}
    for resource in PLAIN.resources.values():
        if resource["Type"] not in {
            "AWS::Lambda::Permission",
            "AWS::CloudWatch::Alarm",
            "AWS::Logs::MetricFilter",
        }:
            assert not named & set(resource["Properties"]), resource
