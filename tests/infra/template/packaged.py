"""The templates that a deploy sends, without the code: what is in it does not change them."""

from __future__ import annotations

from functools import cache
from typing import Any

from infra.local.stack.template import TEMPLATE
from infra.template.build import as_text, data_template, service_template, translated

PROJECT = TEMPLATE.parents[2]
REGION = "eu-west-1"
FUNCTIONS = ("APIHandler", "Bearer", "Rotate", "Mail")


def document(stage: str = "prod") -> dict[str, Any]:
    """Return the service before the transform, without own functions. Not to be changed: tests share it."""
    return _described(stage)  # `document()` and `document("prod")` would be two entries of a cache


@cache
def packaged(stage: str = "prod") -> str:
    """Return its text."""
    return as_text(document(stage))


@cache
def transformed() -> dict[str, Any]:
    """Return the service of stage prod as CloudFormation gets it."""
    return translated(document(), REGION, "a release")


@cache
def data() -> dict[str, Any]:
    """Return the template of the data of stage prod as CloudFormation gets it."""
    return data_template(PROJECT, "prod")


@cache
def _described(stage: str) -> dict[str, Any]:
    return service_template(PROJECT, stage, own=False)
