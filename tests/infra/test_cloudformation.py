"""Intrinsic functions, each as CloudFormation's documentation defines it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.cloudformation import Evaluator, parameter_defaults

NO_VALUE = {"Ref": "AWS::NoValue"}
DOCUMENT: dict[str, Any] = {
    "Parameters": {"Stage": {"Default": "dev"}, "Days": {"Default": 30}, "Bucket": {"Type": "String"}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
        "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
    },
    "Resources": {
        "Table": {"Type": "T", "Condition": "IsDev", "Properties": {"Name": {"Ref": "Stage"}}},
        "Alarm": {"Type": "A", "Condition": "IsProd"},
        "Topic": {"Type": "T"},
    },
}
VALUES = {**parameter_defaults(DOCUMENT), "Table": "table-1"}
EVALUATOR = Evaluator(DOCUMENT, VALUES.__getitem__, "{}:{}".format)


def test_defaults_are_strings_and_a_parameter_may_have_none() -> None:
    assert parameter_defaults(DOCUMENT) == {"Stage": "dev", "Days": "30"}
    assert parameter_defaults({}) == {}


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Days"}, "30"),
        ({"Fn::If": ["IsProd", 1, 2]}, 2),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", {"Ref": "Stage"}, 2]}, "dev"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, NO_VALUE, 7]]}, "a-dev-7"),
        ({"Fn::Select": ["1", ["a", {"Ref": "Stage"}]]}, "dev"),
        ({"Fn::GetAtt": "Table.Arn"}, "Table:Arn"),
        ({"Fn::GetAtt": ["Table", "Stream.Arn"]}, "Table:Stream.Arn"),
        ({"Fn::Sub": "${Stage}/${Table}/${Table.Arn}/${!Literal}"}, "dev/table-1/Table:Arn/${Literal}"),
        ({"Fn::Sub": ["${Stage}${X}", {"X": {"Ref": "Days"}}]}, "dev30"),
        ([1, NO_VALUE, {"a": NO_VALUE, "b": {"Ref": "Stage"}}], [1, {"b": "dev"}]),
        ({"Ref": "Stage", "Other": 1}, {"Ref": "Stage", "Other": 1}),
    ],
)
def test_functions(node: Any, value: Any) -> None:
    assert EVALUATOR.resolve(node) == value


def test_an_entry_is_present_unless_its_condition_is_false() -> None:
    table = {"Type": "T", "Properties": {"Name": {"Ref": "Stage"}}}
    assert EVALUATOR.present("Resources") == {"Table": table, "Topic": {"Type": "T"}}
    assert EVALUATOR.present("Outputs") == {}


@pytest.mark.parametrize(
    ("node", "error"),
    [
        ({"Ref": "Unknown"}, KeyError),
        ({"Fn::Sub": "${Unknown}"}, KeyError),
        ({"Fn::If": ["Unknown", 1, 2]}, KeyError),
        ({"Fn::ImportValue": "x"}, ValueError),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(node: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        EVALUATOR.resolve(node)


def test_attributes_are_an_error_without_a_source_for_them() -> None:
    with pytest.raises(ValueError, match="Arn of Table"):
        Evaluator(DOCUMENT, VALUES.__getitem__).resolve({"Fn::GetAtt": "Table.Arn"})
