"""The issuer: the public base URL of the API, the same in tokens and in the authorizer.

A function's environment cannot contain the URL of its own API: in CloudFormation that is a circular
dependency. So unless `ISSUER` is set, the issuer is derived from the API id, stage and region in the event.
It is never taken from the Host header, which the caller controls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.settings import Settings

_TEST_STAGES = frozenset({"null", "test-invoke-stage", "ESTestInvoke-stage"})


def issuer_of_request(settings: Settings, context: Mapping[str, Any]) -> str:
    """Return the issuer for a function's `requestContext`."""
    return settings.issuer or _stage_url(
        str(context.get("apiId", "")), settings.aws_region, str(context.get("stage", ""))
    )


def issuer_of_method(settings: Settings, method_arn: str) -> str:
    """Return the issuer for an authorizer's `methodArn`.

    The console and `test-invoke-authorizer` send placeholders instead of the stage. They are replaced by the
    stage that this function belongs to.
    """
    *_, region, _, resource = method_arn.split(":", 5)
    api_id, stage, *_ = resource.split("/")
    if stage in _TEST_STAGES:
        stage = settings.stage
    return settings.issuer or _stage_url(api_id, region, stage)


def _stage_url(api_id: str, region: str, stage: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{api_id}.execute-api.{region}.{suffix}/{stage}"
