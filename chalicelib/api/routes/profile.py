"""`/me/profile`: the JSON object that the app stores for its user."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, if_match, json_text_response
from chalicelib.api.json_body import json_text
from chalicelib.domain.accounts.own.profiles import MAX_PROFILE_BYTES, Profile
from chalicelib.services import get_services

blueprint = Blueprint(__name__)


@blueprint.route("/me/profile", methods=["GET"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def read() -> Response:
    """Return the profile, or an empty object."""
    return _response(get_services().own_profile.read(claims(), if_match()))


@blueprint.route("/me/profile", methods=["PUT"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def replace() -> Response:
    """Replace the profile."""
    caller, expected = claims(), if_match()
    text, _ = json_text(MAX_PROFILE_BYTES)
    profile = Profile(text)
    get_services().own_profile.replace(caller, profile, expected)
    return _response(profile)


def _response(profile: Profile) -> Response:
    return json_text_response(profile.text, {"ETag": profile.tag})
