"""What each parameter switches on."""

from __future__ import annotations

import json

import pytest

from infra.cloudformation import Evaluator
from tests.infra.template.packaged import FUNCTIONS, transformed
from tests.infra.template.resolved import Resolved

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/gate/12345678-1234-1234-1234-123456789012"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
DOMAIN = {"DomainName": "auth.example.com", "DomainCertificateArn": CERTIFICATE}
GROUPS = {"APIHandler": "ApiLogGroup", "Bearer": "AuthorizerLogGroup", "Rotate": "RotationLogGroup"}


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


def test_a_web_acl_stands_before_the_stage() -> None:
    assert "WebAclAssociation" not in template().resources
    assert template(WebAclArn=WEB_ACL).properties("WebAclAssociation") == {
        "WebACLArn": WEB_ACL,
        "ResourceArn": "arn:aws:apigateway:eu-west-1::/restapis/RestAPI/stages/RestAPIStage",
    }


def test_a_rate_rule_by_address_is_made_only_where_a_limit_is_set() -> None:
    assert not template().of_type("AWS::WAFv2::WebACL")
    limited = template(AddressRateLimit="300")
    assert limited.properties("WebAclAssociation")["WebACLArn"] == "AddressRateAcl.Arn"
    acl = limited.properties("AddressRateAcl")
    assert (acl["Scope"], acl["DefaultAction"]) == ("REGIONAL", {"Allow": {}})
    (rule,) = acl["Rules"]
    assert rule["Statement"] == {
        "RateBasedStatement": {"AggregateKeyType": "IP", "Limit": "300", "EvaluationWindowSec": 300}
    }


@pytest.mark.parametrize("origins", ["", "https://a.example"])
def test_an_address_over_its_limit_is_told_to_wait_as_one_that_is_throttled(origins: str) -> None:
    found = template(AddressRateLimit="300", CorsAllowOrigins=origins)
    acl = found.properties("AddressRateAcl")
    answer = acl["Rules"][0]["Action"]["Block"]["CustomResponse"]
    headers = {one["Name"]: one["Value"] for one in answer["ResponseHeaders"]}
    assert (answer["ResponseCode"], headers["Retry-After"], headers["Cache-Control"]) == (
        429,
        "60",
        "no-store",
    )
    assert headers.get("Access-Control-Allow-Origin") == ("*" if origins else None)
    body = acl["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
    assert body["ContentType"] == "APPLICATION_JSON"
    throttled = found.properties("RestAPI")["Body"]["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    assert body["Content"] == throttled["responseTemplates"]["application/json"]


@pytest.mark.parametrize(
    ("parameters", "is_refused"),
    [
        ({}, False),
        ({"WebAclArn": WEB_ACL}, False),
        ({"AddressRateLimit": "300"}, False),
        ({"AddressRateLimit": "300", "WebAclArn": WEB_ACL}, True),
        ({"CorsAllowOrigin": "https://a.example"}, True),
        ({"CorsAllowOrigins": "https://a.example"}, False),
    ],
)
def test_parameters_that_cannot_be_are_refused(parameters: dict[str, str], *, is_refused: bool) -> None:
    """A stage has one web ACL; and what a former name switched on is not switched off without a word."""
    values = template(**parameters).parameters
    evaluated = Evaluator(transformed(), values.__getitem__).resolve(transformed()["Rules"]).values()
    broken = [
        one["AssertDescription"]
        for rule in evaluated
        if rule.get("RuleCondition", True)
        for one in rule["Assertions"]
        if not one["Assert"]
    ]
    assert bool(broken) is is_refused


def test_throttled_requests_are_counted_from_the_access_log() -> None:
    found = template()
    counted = found.properties("ThrottledRequestsFilter")
    assert counted["LogGroupName"] == "AccessLogGroup"
    assert counted["FilterPattern"] == '{ $.refusal = "THROTTLED" || $.refusal = "QUOTA_EXCEEDED" }'
    logged = json.loads(found.properties("RestAPIStage")["AccessLogSetting"]["Format"])
    (metric,) = counted["MetricTransformations"]
    for one in metric["Dimensions"]:
        assert one["Value"].removeprefix("$.") in logged
    assert logged["refusal"] == "$context.error.responseType"


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


def test_traces_are_sent_where_wanted() -> None:
    for tracing, stage in (("PassThrough", False), ("Active", True)):
        found = template(Tracing=tracing)
        assert found.properties("RestAPIStage")["TracingEnabled"] is stage
        for function in FUNCTIONS:
            assert found.properties(function)["TracingConfig"] == {"Mode": tracing}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_log_that_expires(function: str) -> None:
    found = template(LogRetentionDays="365")
    assert found.properties(function)["LoggingConfig"] == {"LogGroup": GROUPS[function]}
    assert found.properties(GROUPS[function]) == {"RetentionInDays": "365"}


def test_an_access_log_holds_nothing_that_the_caller_writes() -> None:
    settings = template().properties("RestAPIStage")["AccessLogSetting"]
    assert settings["DestinationArn"] == "arn:aws:logs:eu-west-1:123456789012:log-group:AccessLogGroup:*"
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
