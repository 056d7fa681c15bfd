"""`/health`: the functions run. It touches nothing, so that a probe costs nothing and blames nobody."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.http import ANY_TYPE, json_response

blueprint = Blueprint(__name__)


@blueprint.route("/health", content_types=ANY_TYPE)
def health() -> Response:
    """Return that the function was reached."""
    return json_response({"status": "ok"})
