"""The template that is deployed: what Chalice makes of the app and ours, after SAM's transform."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import app
from infra.deploy.packaging.runtime import RUNTIME_NAME
from infra.local.stack.template import Template
from infra.template.build import translated, with_code
from tests.infra.template.packaged import FUNCTIONS, REGION, data, document, packaged, transformed
from tests.infra.template.resolved import ACCOUNT, STACK, Resolved

LINT = Path(sys.executable).parent / "cfn-lint"
BODY = transformed()["Resources"]["RestAPI"]["Properties"]["Body"]
PLAIN = Resolved(transformed())
DATA = Resolved(data())


def lint(file: Path) -> None:
    done = subprocess.run(  # noqa: S603
        [LINT, "--regions", "us-east-1", "eu-west-1", "--", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", [data, transformed])
def test_cfn_lint_finds_nothing(tmp_path: Path, part: Callable[[], dict[str, Any]]) -> None:
    file = tmp_path / "cloudformation.json"
    code = {"S3Bucket": "bucket", "S3Key": "key", "S3ObjectVersion": "version"}
    file.write_text(json.dumps(with_code(part(), code)))
    lint(file)


def test_the_transform_leaves_every_parameter_open() -> None:
    """It resolves what it can; a default in place of a parameter would be deployed for every value."""
    other = json.loads(packaged())
    for one in other["Parameters"].values():
        one.update({"Default": "2"} if one["Type"] == "Number" else {"Default": "another"})
    assert {**translated(other, REGION, "a release"), "Parameters": {}} == {**transformed(), "Parameters": {}}


def test_a_release_is_deployed_by_api_gateway_and_the_same_one_only_once() -> None:
    again, other = (translated(document(), REGION, version) for version in ("a release", "another"))
    assert again == transformed()
    named = [[one for one in part["Resources"] if "Deployment" in one] for part in (again, other)]
    assert named[0] != named[1]


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
        ("Mail", "chalicelib.api.mail.mail", 512, 30),
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
    table = DATA.properties("UsersTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    # Encrypted by a key of DynamoDB's own, which unlike SSEEnabled costs nothing.
    assert "SSESpecification" not in table


def test_accounts_are_listed_by_an_index_of_keys() -> None:
    (index,) = DATA.properties("UsersTable")["GlobalSecondaryIndexes"]
    keys = [(one["AttributeName"], one["KeyType"]) for one in index["KeySchema"]]
    assert (index["IndexName"], keys) == ("accounts", [("listed", "HASH"), ("user_id", "RANGE")])
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_all_data_outlives_its_stack_and_can_be_imported_by_name() -> None:
    """CloudFormation imports under a name that is text, with a policy that keeps the resource."""
    names = {"TableName", "Name", "LogGroupName"}
    kept = {name: one for name, one in data()["Resources"].items() if one["Type"] != "AWS::SQS::Queue"}
    for name, resource in kept.items():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name
        (given,) = names & set(resource["Properties"])
        assert str(resource["Properties"][given]).startswith("gatehouse-prod"), name


def test_the_table_is_made_last() -> None:
    """A first deploy that fails would have to delete it, and it is protected from that."""
    others = set(data()["Resources"]) - {"UsersTable"}
    assert set(data()["Resources"]["UsersTable"]["DependsOn"]) == others


def test_how_the_key_is_generated_never_changes() -> None:
    """CloudFormation would write a new key over the one that signs."""
    assert DATA.properties("SigningSecret")["GenerateSecretString"] == {
        "SecretStringTemplate": '{"alg": "HS256"}',
        "GenerateStringKey": "key",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }


def test_the_service_holds_no_data() -> None:
    kinds = {one["Type"] for one in transformed()["Resources"].values()}
    assert not kinds & {one["Type"] for one in data()["Resources"].values()}


def test_the_authorizer_is_called_by_authorizers_only() -> None:
    source = PLAIN.properties("BearerInvokePermission")["SourceArn"]
    assert source == f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:RestAPI/authorizers/*"


def test_of_an_alarm_s_metrics_one_is_compared_and_each_says_whether() -> None:
    """CloudWatch takes an alarm with exactly one; without a word, every one is."""
    for alarm in PLAIN.of_type("AWS::CloudWatch::Alarm").values():
        if metrics := alarm.get("Metrics"):
            assert sorted(one["ReturnData"] for one in metrics) == [False] * (len(metrics) - 1) + [True]


def test_the_signing_key_is_rotated_by_the_rotation_function() -> None:
    rotation = PLAIN.resources["SigningSecretRotation"]
    assert rotation["Properties"]["RotationLambdaARN"] == "Rotate.Arn"
    assert rotation["Properties"]["SecretId"] == DATA.properties("SigningSecret")["Name"]
    assert rotation["Properties"]["RotationRules"] == {"AutomaticallyAfterDays": "30"}
    assert rotation["DependsOn"] == "RotateInvokePermission"


def test_only_this_secret_may_have_itself_rotated() -> None:
    assert PLAIN.properties("RotateInvokePermission") == {
        "FunctionName": "Rotate.Arn",
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": ACCOUNT,
        "SourceArn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:gatehouse-prod/signing-key-??????",
    }


def test_the_outputs_name_what_tools_need() -> None:
    assert set(PLAIN.outputs) >= {
        "EndpointURL",
        "RestAPIId",
        "ApiStageName",
        "DashboardURL",
        "ApiFunctionName",
        "AuthorizerFunctionName",
        "RotationFunctionName",
    }
    assert set(DATA.outputs) >= {"UsersTableName", "SigningSecretArn"}
    assert PLAIN.outputs["DashboardURL"]["Value"].endswith("#dashboards/dashboard/Dashboard")


def test_two_stages_of_one_account_share_no_name() -> None:
    """Stages share an account: every name comes from the stack, or from CloudFormation."""
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
