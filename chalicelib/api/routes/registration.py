"""`/accounts`: sign-up."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import observability
from chalicelib.api.http import ANY_TYPE, json_response
from chalicelib.api.json_body import json_members
from chalicelib.api.routes.verification_answers import requester, verification_response
from chalicelib.domain.verification.verification import VerificationToken
from chalicelib.observability import Metric
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/accounts", methods=["POST"], content_types=ANY_TYPE)
def sign_up() -> Response:
    """Mail a code to an address."""
    body = json_members({"email": str}, {"password": str, "device_key": str})
    with observability.counted(Metric.SIGN_UP, "requested"):
        token = get_services().registration.begin(body["email"], body.get("password"), requester(body))
    return verification_response(token)


@blueprint.route("/accounts/verify", methods=["POST"], content_types=ANY_TYPE)
def verify() -> Response:
    """Create the account of a verified address."""
    body = json_members({"verification": str, "code": str, "password": str})
    token = VerificationToken(body["verification"])
    with observability.counted(Metric.SIGN_UP, "completed"):
        device_key = get_services().registration.complete(token, body["code"], body["password"])
    return json_response({"device_key": device_key.serialize()})


@blueprint.route("/accounts/resend", methods=["POST"], content_types=ANY_TYPE)
def resend() -> Response:
    """Replace the code, and mail the new one."""
    body = json_members({"verification": str}, {"device_key": str})
    token = VerificationToken(body["verification"])
    get_services().registration.resend(token, requester(body))
    return verification_response(token)
