"""The rotation function: a separate Lambda function that Secrets Manager calls for each of four steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint

from chalicelib import observability
from chalicelib.api.time_budget import time_budget
from chalicelib.observability import Event, Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.lambda_function(name="rotate")  # type: ignore[untyped-decorator,unused-ignore]
def rotate(event: dict[str, Any], context: Any) -> None:
    """Run one step of a rotation of the signing key.

    Raises RotationRefused, InvalidToken or Unavailable for a step that failed, and KeyError for an unknown
    step: Secrets Manager then tries again.
    """
    step, token = str(event["Step"]), str(event["ClientRequestToken"])
    rotation = get_services().key_rotation
    steps: dict[str, Callable[[str], bool | None]] = {
        "createSecret": rotation.create_secret,
        "setSecret": rotation.set_secret,
        "testSecret": rotation.test_secret,
        "finishSecret": rotation.finish_secret,
    }
    try:
        with time_budget(context):
            outcome = steps[step](token)
    except Exception:
        observability.count(Metric.KEY_ROTATION, f"failed {step if step in steps else 'unknown step'}")
        raise
    if outcome and step == "createSecret":
        observability.count(Metric.KEY_ROTATION, "signing_key_kept")
    elif outcome:
        observability.record(Event.KEY_ROTATED, key_id=token)
        observability.count(Metric.KEY_ROTATION, "success")
