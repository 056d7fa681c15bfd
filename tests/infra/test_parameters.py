"""Values of parameters are checked first: CloudFormation would take some that no function starts with."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from chalicelib.settings import BadSetting
from infra.parameters import VARIABLES_BYTES, check_change, check_names, check_settings, resolve
from tests.infra.template.packaged import PROJECT, data, document, transformed
from tests.infra.template.resolved import Resolved
from tests.infra.template.test_template_options import WEB_ACL

DECLARED = document()["Parameters"]
GOOD = {"Stage": "prod"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BcryptCost", "12.5"),
        ("BcryptCost", "012"),
        ("BcryptCost", "1e1"),
        ("BcryptCost", "+12"),
        ("BcryptCost", " 12"),
        ("BcryptCost", "\u0661\u0662"),
        ("BcryptCost", ""),
        ("BcryptCost", "9"),
        ("BcryptCost", "15"),
        ("AuthorizerCacheSeconds", "00"),
        ("AuthorizerCacheSeconds", "3601"),
        ("LogLevel", "ERROR"),
        ("ClientIds", "a b"),
        ("ClientIds", "a," * 600 + "a"),
        ("DomainName", "auth.example.com\n"),
        ("WebAclArn", "gate"),
    ],
)
def test_a_value_that_no_function_could_use_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        resolve(DECLARED, {**GOOD, name: value}, {})


@pytest.mark.parametrize("days", ["2", "030", "30.0"])
def test_so_is_one_of_the_data(days: str) -> None:
    with pytest.raises(BadSetting, match="LogRetentionDays"):
        resolve(data()["Parameters"], {"LogRetentionDays": days}, {})


def test_what_is_given_goes_before_what_is_remembered_and_that_before_the_default() -> None:
    values = resolve(DECLARED, {**GOOD, "MaxSessions": "5"}, {"MaxSessions": "6", "BcryptCost": "13"})
    assert (values["MaxSessions"], values["BcryptCost"], values["KeyRotationDays"]) == ("5", "13", "30")
    check_settings(values)


def test_a_remembered_value_that_the_template_no_longer_takes_is_told() -> None:
    with pytest.raises(BadSetting, match="MaxSessions must be between 1 and 40"):
        resolve(DECLARED, GOOD, {"MaxSessions": "41"})


@pytest.mark.parametrize("name", ["Sessions", "Stage", "ReleaseObject", "PreviousReleaseObject"])
def test_a_parameter_that_is_not_the_operator_s_to_give(name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        check_names(DECLARED, {name: "x"})


def test_all_settings_together_fit_into_a_function() -> None:
    """Lambda takes 4 KB of variables, the longest of every value included."""
    longest = {
        "ClientIds": "a" * 64 + ("," + "a" * 63) * 15,
        "Audience": "a" * 256,
        "DomainName": "a." * 126 + "de",
    }
    values = resolve(
        DECLARED, {**GOOD, "ClientIds": longest["ClientIds"], "Audience": longest["Audience"]}, {}
    )
    check_settings({**values, "DomainName": longest["DomainName"]})
    with pytest.raises(BadSetting, match=f"a function has {VARIABLES_BYTES}"):
        check_settings({**values, "ClientIds": "a" * 4000})


def test_what_is_counted_is_what_a_function_gets() -> None:
    values = resolve(DECLARED, GOOD, {})
    variables = Resolved(transformed(), values).properties("APIHandler")["Environment"]["Variables"]
    assert len(str(variables)) < VARIABLES_BYTES


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({"WebAclArn": WEB_ACL}, {"WebAclArn": f"{WEB_ACL}2"}, "in two steps only"),
        ({"WebAclArn": WEB_ACL}, {"WebAclArn": "", "AddressRateLimit": "300"}, "in two steps only"),
        ({"AddressRateLimit": "300"}, {"WebAclArn": WEB_ACL, "AddressRateLimit": "0"}, "in two steps only"),
        ({"AddressRateLimit": "300"}, {"WebAclArn": "", "AddressRateLimit": "2000"}, ""),
        ({"AddressRateLimit": "300"}, {"WebAclArn": "", "AddressRateLimit": "0"}, ""),
        ({"WebAclArn": ""}, {"WebAclArn": WEB_ACL}, ""),
        ({"EndpointType": "REGIONAL"}, {}, r"docs/deploy.md has the steps, under \*Another endpoint type\*"),
    ],
)
def test_a_change_that_takes_more_than_one_step_is_refused(
    before: dict[str, str], after: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadSetting, match=sentence) if sentence else nullcontext():
        check_change({"EndpointType": "EDGE", **before}, {"EndpointType": "EDGE", **after})


def test_the_page_has_the_steps_of_another_endpoint_type() -> None:
    assert "\n## Another endpoint type\n" in (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_a_new_stage_changes_nothing() -> None:
    check_change({}, {"EndpointType": "EDGE"})
