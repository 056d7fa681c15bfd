"""`/password` and `/me/password`: a new password, with a mailed code or with the current one."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import observability
from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, json_response, no_content
from chalicelib.api.json_body import json_members
from chalicelib.api.routes.verification_answers import languages, requester, verification_response
from chalicelib.domain.verification.verification import VerificationToken
from chalicelib.observability import Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/password/forgot", methods=["POST"], content_types=ANY_TYPE)
def forgot() -> Response:
    """Mail a code if the address has an account."""
    body = json_members({"email": str}, {"device_key": str})
    with observability.counted(Metric.PASSWORD_RESET, "requested"):
        token = get_services().password_reset.begin(body["email"], requester(body))
    return verification_response(token)


@blueprint.route("/password/reset", methods=["POST"], content_types=ANY_TYPE)
def reset() -> Response:
    """Set a new password with a mailed code."""
    body = json_members({"verification": str, "code": str, "new_password": str})
    token = VerificationToken(body["verification"])
    with observability.counted(Metric.PASSWORD_RESET, "completed"):
        device_key = get_services().password_reset.complete(
            token, body["code"], body["new_password"], languages()
        )
    return json_response({"device_key": device_key.serialize()})


@blueprint.route("/me/password", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def change() -> Response:
    """Set a new password with the current one."""
    body = json_members({"current_password": str, "new_password": str})
    get_services().change_password(claims(), body["current_password"], body["new_password"], languages())
    return no_content()
