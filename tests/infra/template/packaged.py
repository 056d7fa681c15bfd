"""The templates that a deploy sends, without the code: what is in it does not change them."""

from __future__ import annotations

from functools import cache
from typing import Any

from infra.local.stack.template import TEMPLATE
from infra.template.build import as_text, data_template, service_template, translated

PROJECT = TEMPLATE.parents[2]
REGION = "eu-west-1"
FUNCTIONS = ("APIHandler", "Bearer", "Rotate", "Mail")


@cache
def document(stage: str = "prod") -> dict[str, Any]:
    """Return the service before the transform, without own functions. Not to be changed: tests share it."""
    return service_template(PROJECT, stage, own=False)


@cache
def packaged(stage: str = "prod") -> str:
    """Return its text."""
    return as_text(document(stage))


@cache
def transformed(stage: str = "prod") -> dict[str, Any]:
    """Return the service as CloudFormation gets it."""
    return translated(document(stage), REGION, "a release")


@cache
def data(stage: str = "prod") -> dict[str, Any]:
    """Return the template of the data as CloudFormation gets it."""
    return data_template(PROJECT, stage)
