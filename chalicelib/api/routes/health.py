"""`/health`: the API function runs. It touches nothing else, so that a probe costs little; some use HEAD."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.http import ANY_TYPE, json_response

blueprint = Blueprint(__name__)


@blueprint.route("/health", methods=["GET", "HEAD"], content_types=ANY_TYPE)
def health() -> Response:
    """Return that the function was reached."""
    return json_response({"status": "ok"})
