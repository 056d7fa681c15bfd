"""Own functions as a developer would write them, in `chalicelib/functions/sample.py` of each copy."""

from __future__ import annotations

import math
from typing import Any

from chalice.app import BadRequestError, Blueprint, NotFoundError, Response

from chalicelib.api.claims import bearer, claims, requires

blueprint = Blueprint(__name__)


@blueprint.route("/sample/me", authorizer=bearer)
@requires("sample:read")
def who() -> dict[str, str]:
    """Return the caller."""
    return {"sub": claims().subject, "scope": str(claims().scope)}


@blueprint.route("/sample/secret", authorizer=bearer)
@requires("sample:admin")
def secret() -> dict[str, str]:
    """Return what few may read."""
    return {}


@blueprint.route("/sample/notes/{name}", methods=["POST"])
def note(name: str) -> Any:
    """Return path, query and body, or refuse."""
    request = blueprint.current_request
    body = request.json_body or {}
    if "text" not in body:
        raise BadRequestError("text is missing")
    if name == "none":
        raise NotFoundError('No note "none".')
    query: Any = request.query_params or {}
    return {"name": name, "text": body["text"], "query": query.get("q")}


@blueprint.route("/sample/crash")
def crash() -> None:
    """Fail."""
    raise ZeroDivisionError("hunter2")


@blueprint.route("/sample/nan")
def nan() -> dict[str, float]:
    """Return what JSON does not have."""
    return {"mean": math.nan}


@blueprint.route("/sample/large")
def large() -> dict[str, str]:
    """Return more than Lambda does."""
    return {"text": "x" * 7_000_000}


@blueprint.route("/sample/teapot")
def teapot() -> Response:
    """Return a status and a header."""
    return Response({"short": True}, {"X-Pot": "tea"}, 418)
