"""The common parts of all requests for a code: the requester and the response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Response

from chalicelib.accounts.verification.requests import Requester
from chalicelib.api.http import device, header, json_response
from chalicelib.domain.mail import CODE_SECONDS, requested_languages
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.verification.verification import VerificationToken

RESEND_AFTER_SECONDS = 60
"""Seconds after which an app should offer to send another code."""


def requester(body: Mapping[str, Any]) -> Requester:
    """Return the client that requests a code."""
    key = DeviceKey.parse(body.get("device_key", ""))
    return Requester(device().address, key, languages())


def languages() -> str:
    """Return the requested languages of a mail."""
    return requested_languages(header("accept-language"))


def verification_response(token: VerificationToken) -> Response:
    """Return the response to a request for a code, which has the same form for every address."""
    body = {
        "verification": token.reveal(),
        "expires_in": CODE_SECONDS,
        "resend_after": RESEND_AFTER_SECONDS,
    }
    return json_response(body, 202)
