"""`/me`: changes of the caller's own account: user name, address, and deletion."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, json_response, no_content
from chalicelib.api.json_body import json_members
from chalicelib.api.routes.verification_answers import languages, requester, verification_response
from chalicelib.api.serializers import account_json
from chalicelib.domain.verification.verification import VerificationToken
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/me", methods=["PATCH"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def change_username() -> Response:
    """Set or remove the user name."""
    body = json_members({"username": str | None})
    account = get_services().change_username(claims(), body["username"], languages())
    return json_response(account_json(account))


@blueprint.route("/me/email", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def change_email() -> Response:
    """Mail a code to a new address."""
    body = json_members({"email": str, "current_password": str})
    token = get_services().email_change.begin(
        claims(), body["email"], body["current_password"], requester(body)
    )
    return verification_response(token)


@blueprint.route("/me/email/verify", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def verify_email() -> Response:
    """Set the verified address."""
    body = json_members({"verification": str, "code": str})
    token = VerificationToken(body["verification"])
    get_services().email_change.complete(claims(), token, body["code"], languages())
    return no_content()


@blueprint.route("/me/delete", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def delete() -> Response:
    """Delete the account."""
    body = json_members({"current_password": str})
    get_services().delete_account(claims(), body["current_password"], languages())
    return no_content()
