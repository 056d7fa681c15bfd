"""`/health`: whether the API function runs, for probes by GET or HEAD. It calls no other service."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.http import ANY_TYPE, json_response

blueprint = Blueprint(__name__)


@blueprint.route("/health", methods=["GET", "HEAD"], content_types=ANY_TYPE)
def health() -> Response:
    """Return status `ok`."""
    return json_response({"status": "ok"})
