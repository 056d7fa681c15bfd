"""What each parameter switches on."""

from __future__ import annotations

import json

import pytest

from tests.infra.template.packaged import FUNCTIONS, data, transformed
from tests.infra.template.resolved import Resolved

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/gate/12345678-1234-1234-1234-123456789012"
BOUNDARY = "arn:aws:iam::123456789012:policy/gatehouse-boundary"
KMS_KEY = "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
DOMAIN = {"DomainName": "auth.example.com", "DomainCertificateArn": CERTIFICATE}
GROUPS = {"APIHandler": "api", "Bearer": "authorizer", "Rotate": "rotation", "Mail": "mail"}


def template(**parameters: str) -> Resolved:
    return Resolved(transformed(), parameters)


def test_without_a_domain_the_issuer_is_found_out_and_the_address_is_aws_s() -> None:
    plain = template(Stage="prod")
    assert "CustomDomain" not in plain.resources
    assert (
        plain.outputs["EndpointURL"]["Value"] == "https://RestAPI.execute-api.eu-west-1.amazonaws.com/prod/"
    )
    for function in FUNCTIONS:
        assert plain.properties(function)["Environment"]["Variables"]["ISSUER"] == ""


@pytest.mark.parametrize(
    ("endpoint", "certificate", "target"),
    [
        ("EDGE", "CertificateArn", "DistributionDomainName"),
        ("REGIONAL", "RegionalCertificateArn", "RegionalDomainName"),
    ],
)
def test_a_domain_is_issuer_and_address(endpoint: str, certificate: str, target: str) -> None:
    with_domain = template(**DOMAIN, EndpointType=endpoint)
    assert with_domain.properties("CustomDomain") == {
        "DomainName": "auth.example.com",
        "EndpointConfiguration": {"Types": [endpoint]},
        certificate: CERTIFICATE,
        "SecurityPolicy": "TLS_1_2",
    }
    # No base path: the domain's root is the stage, so the issuer has no path either.
    assert "BasePath" not in with_domain.properties("CustomDomainMapping")
    assert with_domain.outputs["EndpointURL"]["Value"] == "https://auth.example.com/"
    assert with_domain.outputs["CustomDomainTarget"]["Value"] == f"CustomDomain.{target}"
    for function in FUNCTIONS:
        variables = with_domain.properties(function)["Environment"]["Variables"]
        assert variables["ISSUER"] == "https://auth.example.com"


@pytest.mark.parametrize(("address", "is_off"), [("enabled", False), ("disabled", True)])
def test_aws_s_own_address_can_be_switched_off(address: str, *, is_off: bool) -> None:
    body = template(**DOMAIN, AwsAddress=address).properties("RestAPI")["Body"]
    assert body["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"] is is_off


def test_a_web_page_reads_the_gateway_s_errors_only_where_it_may() -> None:
    """A gateway response is a constant, so it cannot name the origin that asked."""
    for parameters, wanted in (({}, None), ({"CorsAllowOrigins": "https://a.example,b://localhost"}, "'*'")):
        body = template(**parameters).properties("RestAPI")["Body"]
        for response in body["x-amazon-apigateway-gateway-responses"].values():
            header = "gatewayresponse.header.Access-Control-Allow-Origin"
            assert response["responseParameters"].get(header) == wanted


def test_every_route_can_be_asked_about_by_a_browser() -> None:
    paths = template().properties("RestAPI")["Body"]["paths"]
    assert all("options" in methods and "security" not in methods["options"] for methods in paths.values())


def test_each_route_is_throttled_and_the_token_endpoint_sooner() -> None:
    every, token = template(TokenRequestsPerSecond="7").properties("RestAPIStage")["MethodSettings"]
    assert (every["ResourcePath"], every["HttpMethod"], every["ThrottlingRateLimit"]) == ("/*", "*", "2000")
    assert (token["ResourcePath"], token["HttpMethod"]) == ("/~1oauth~1token", "POST")
    assert (token["ThrottlingRateLimit"], token["ThrottlingBurstLimit"]) == ("7", "200")
    assert "post" in template().properties("RestAPI")["Body"]["paths"]["/oauth/token"]


def test_no_execution_log_is_written_which_could_hold_tokens() -> None:
    for settings in template().properties("RestAPIStage")["MethodSettings"]:
        assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)


def test_concurrency_is_reserved_only_where_asked_for() -> None:
    for function in FUNCTIONS:
        assert "ReservedConcurrentExecutions" not in template().properties(function)
    limited = template(ApiConcurrency="40", AuthorizerConcurrency="20")
    assert limited.properties("APIHandler")["ReservedConcurrentExecutions"] == "40"
    assert limited.properties("Bearer")["ReservedConcurrentExecutions"] == "20"


def test_only_the_stage_switches_traces_on() -> None:
    """Lambda checks a function's right to trace at once, which may be before IAM has spread it."""
    for tracing, stage in (("PassThrough", False), ("Active", True)):
        found = template(Tracing=tracing)
        assert found.properties("RestAPIStage")["TracingEnabled"] is stage
        for function in FUNCTIONS:
            assert found.properties(function).get("TracingConfig", {"Mode": "PassThrough"}) == {
                "Mode": "PassThrough"
            }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_log_that_expires(function: str) -> None:
    name = f"gatehouse-prod-{GROUPS[function]}"
    assert template().properties(function)["LoggingConfig"] == {"LogGroup": name}
    groups = Resolved(data(), {"LogRetentionDays": "365"}).of_type("AWS::Logs::LogGroup").values()
    assert {"LogGroupName": name, "RetentionInDays": "365"} in groups


def test_every_role_has_the_boundary_that_is_asked_for() -> None:
    roles = template(PermissionsBoundary=BOUNDARY).of_type("AWS::IAM::Role").values()
    assert [one["PermissionsBoundary"] for one in roles] == [BOUNDARY] * len(FUNCTIONS)
    assert all("PermissionsBoundary" not in one for one in template().of_type("AWS::IAM::Role").values())


def test_a_kms_key_encrypts_table_and_secret_and_every_function_may_use_it() -> None:
    kept = Resolved(data(), {"KmsKeyArn": KMS_KEY})
    table, secret = kept.properties("UsersTable"), kept.properties("SigningSecret")
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KMS_KEY}
    assert secret["KmsKeyId"] == KMS_KEY
    for name, role in template(KmsKeyArn=KMS_KEY).of_type("AWS::IAM::Role").items():
        allowed = role["Policies"][0]["PolicyDocument"]["Statement"][-1]
        assert allowed["Resource"] == KMS_KEY
        services = ["dynamodb"] if name == "MailRole" else ["dynamodb", "secretsmanager"]
        via = [f"{service}.eu-west-1.amazonaws.com" for service in services]
        assert allowed["Condition"] == {"StringEquals": {"kms:ViaService": via}}


def test_an_access_log_holds_nothing_that_the_caller_writes() -> None:
    settings = template().properties("RestAPIStage")["AccessLogSetting"]
    assert settings["DestinationArn"] == "arn:aws:logs:eu-west-1:123456789012:log-group:gatehouse-prod-access"
    assert set(json.loads(settings["Format"]).values()) == {
        "access",
        "gatehouse-prod",
        "$context.requestId",
        "$context.identity.sourceIp",
        "$context.httpMethod",
        "$context.resourcePath",
        "$context.status",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.authorizer.integrationLatency",
        "$context.authorizer.principalId",
        "$context.error.responseType",
        "$context.responseLength",
    }


@pytest.mark.parametrize("log", ["on", "off"])
def test_access_logs_are_written_if_wanted_and_the_account_is_left_alone(log: str) -> None:
    found = template(AccessLogs=log)
    assert ("AccessLogSetting" in found.properties("RestAPIStage")) is (log == "on")
    assert not found.of_type("AWS::ApiGateway::Account")


@pytest.mark.parametrize("endpoint", ["EDGE", "REGIONAL"])
def test_tls_is_1_2_at_least_at_every_address(endpoint: str) -> None:
    found = template(EndpointType=endpoint, DomainName="auth.example.com", DomainCertificateArn=CERTIFICATE)
    policy = found.properties("RestAPI")["SecurityPolicy"]
    assert (
        policy
        == {"EDGE": "SecurityPolicy_TLS12_2018_EDGE", "REGIONAL": "SecurityPolicy_TLS13_1_2_2021_06"}[
            endpoint
        ]
    )
    assert found.properties("RestAPI")["EndpointAccessMode"] == "BASIC"
    # An import of the definition would put both back to AWS's defaults.
    body = found.properties("RestAPI")["Body"]
    assert body["x-amazon-apigateway-security-policy"] == policy
    assert body["x-amazon-apigateway-endpoint-access-mode"] == "BASIC"
    assert found.properties("CustomDomain")["SecurityPolicy"] == "TLS_1_2"


def test_there_is_one_stage() -> None:
    found = template()
    assert len(found.of_type("AWS::ApiGateway::Stage")) == 1
    assert all("StageName" not in one for one in found.of_type("AWS::ApiGateway::Deployment").values())


def test_every_alarm_rings_at_the_topic_and_says_when_it_is_over() -> None:
    silent, told = (
        found.of_type("AWS::CloudWatch::Alarm") for found in (template(), template(AlarmTopicArn=TOPIC))
    )
    assert set(silent) == set(told)
    for name, alarm in told.items():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == ([TOPIC], [TOPIC])
        assert not {"AlarmActions", "OKActions"} & set(silent[name])


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_processor_is_that_of_every_function(architecture: str) -> None:
    found = template(Architecture=architecture)
    assert {tuple(found.properties(one)["Architectures"]) for one in FUNCTIONS} == {(architecture,)}
