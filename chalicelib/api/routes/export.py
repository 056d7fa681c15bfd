"""`/me/export`: all data stored about the caller, except secrets."""

from __future__ import annotations

import json
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import ANY_TYPE, current_request, json_text_response
from chalicelib.api.serializers import timestamp
from chalicelib.domain.accounts.own.export import ExportedItem
from chalicelib.domain.errors import InvalidRequest
from chalicelib.services import get_services

blueprint = Blueprint(__name__)

_JSON_TEXTS = {"metadata"}
"""Attributes that are stored as JSON."""


@blueprint.route("/me/export", methods=["GET"], authorizer=bearer, content_types=ANY_TYPE)
@requires(session=True)
def export() -> Response:
    """Return a page of the export."""
    page = get_services().own_export(claims(), _cursor())
    # A profile is inserted as text, since parsing and serializing could change its numbers.
    items = ", ".join(map(_item_text, page.items))
    return json_text_response(f'{{"items": [{items}], "next": {json.dumps(page.cursor)}}}')


def _cursor() -> str | None:
    query = current_request().query_params
    values = query.getlist("cursor") if query and "cursor" in query else []
    if len(values) > 1:
        raise InvalidRequest("repeated cursor", description="The parameter cursor is repeated.")
    return values[0] if values else None


def _item_text(item: ExportedItem) -> str:
    texts = {"kind": json.dumps(item.kind)}
    for name, value in item.attributes.items():
        texts[name] = str(value) if name in _JSON_TEXTS else json.dumps(_with_times(name, value))
    if item.text is not None:
        texts["profile"] = item.text
    return "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"


def _with_times(name: str, value: Any) -> Any:
    if name == "at" or name.endswith(("_at", "_until")):
        # A session that was never refreshed has no time of a refresh.
        return timestamp(value) if value else None
    return [timestamp(one) for one in value] if name == "username_changes" else value
