"""`/me/sessions`: list and end the caller's sessions."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, json_response, no_content
from chalicelib.api.serializers import session_json
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/me/sessions", authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def sessions() -> Response:
    """Return the active sessions, the most recently used first."""
    mine = get_services().own_account.active_sessions(claims())
    return json_response({"sessions": [session_json(one, claims().session_id) for one in mine]})


@blueprint.route("/me/sessions", methods=["DELETE"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def sign_out_everywhere() -> Response:
    """End every session, including the current one."""
    get_services().own_account.sign_out_everywhere(claims())
    return no_content()


@blueprint.route("/me/sessions/{session_id}", methods=["DELETE"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def sign_out(session_id: str) -> Response:
    """End one session."""
    get_services().own_account.sign_out(claims(), session_id)
    return no_content()
