"""Who is kept off: web ACLs, the rate rule by address, and parameters that exclude each other."""

from __future__ import annotations

import json

import pytest

from infra.cloudformation import Evaluator
from tests.infra.template.packaged import transformed
from tests.infra.template.test_template_options import WEB_ACL, template


def test_a_web_acl_is_associated_with_the_stage() -> None:
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
def test_an_address_over_its_limit_gets_the_answer_of_throttling(origins: str) -> None:
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
    assert counted["LogGroupName"] == "gatehouse-prod-access"
    assert counted["FilterPattern"] == '{ $.refusal = "THROTTLED" || $.refusal = "QUOTA_EXCEEDED" }'
    logged = json.loads(found.properties("RestAPIStage")["AccessLogSetting"]["Format"])
    (metric,) = counted["MetricTransformations"]
    for one in metric["Dimensions"]:
        assert one["Value"].removeprefix("$.") in logged
    assert logged["refusal"] == "$context.error.responseType"
