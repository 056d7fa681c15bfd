"""`/admin/users`: administration of accounts, by permission."""

from __future__ import annotations

import re
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.api.claims import administers, bearer
from chalicelib.api.http import ANY_TYPE, current_request, if_match, json_response, no_content
from chalicelib.api.json_body import json_members
from chalicelib.api.routes.verification_answers import languages
from chalicelib.api.serializers import account_json
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.administration.authority import READ, WRITE, Authority
from chalicelib.domain.administration.metadata import Metadata
from chalicelib.domain.administration.patch import AccountPatch, entity_tag
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.tokens.scopes import Scope, check_permissions
from chalicelib.services import get_services

blueprint = Blueprint(__name__)

DEFAULT_PAGE, LARGEST_PAGE = 50, 100
"""Accounts of a page. DynamoDB reads at most 100 items in one batch."""


@blueprint.route("/admin/users", authorizer=bearer, content_types=ANY_TYPE)
@administers(READ)
def users(_: Authority) -> Response:
    """List accounts by the order of their ids, or find one by its address or user name."""
    email, username, limit, cursor = map(_parameter, ("email", "username", "limit", "cursor"))
    size = _page_size(limit)
    if cursor is not None and not is_id(cursor):
        raise InvalidRequest("bad cursor", description="The parameter cursor must be next of a page before.")
    if email is not None or username is not None:
        if email is not None and username is not None:
            raise InvalidRequest(
                "two filters", description="The parameters email and username exclude each other."
            )
        if cursor is not None:
            raise InvalidRequest(
                "cursor of a filter", description="The parameter cursor goes with neither email nor username."
            )
        found = get_services().administration.find(email=email, username=username)
        return json_response({"users": [account_json(found)] if found else [], "next": None})
    page = get_services().administration.page(cursor, size)
    return json_response({"users": [account_json(one) for one in page.accounts], "next": page.next})


@blueprint.route("/admin/users", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@administers(WRITE)
def invite(authority: Authority) -> Response:
    """Create an account whose user sets the password."""
    body = json_members({"email": str}, {"permissions": list})
    permissions = _permissions(body.get("permissions", []))
    account = get_services().user_administration.invite(authority, body["email"], permissions, languages())
    return _account_response(account, 201)


@blueprint.route("/admin/users/{user_id}", authorizer=bearer, content_types=ANY_TYPE)
@administers(READ)
def user(_: Authority, user_id: str) -> Response:
    """Return one account."""
    return _account_response(get_services().administration.account(user_id))


@blueprint.route("/admin/users/{user_id}", methods=["PATCH"], authorizer=bearer, content_types=ANY_TYPE)
@administers(WRITE)
def change(authority: Authority, user_id: str) -> Response:
    """Change permissions, state and metadata of an account."""
    body = json_members({}, {"permissions": list, "disabled": bool, "metadata": dict})
    patch = AccountPatch(
        permissions=_permissions(body["permissions"]) if "permissions" in body else None,
        disabled=body.get("disabled"),
        metadata=Metadata.of(body["metadata"]) if "metadata" in body else None,
    )
    account = get_services().user_administration.change(authority, user_id, patch, if_match())
    return _account_response(account)


@blueprint.route("/admin/users/{user_id}", methods=["DELETE"], authorizer=bearer, content_types=ANY_TYPE)
@administers(WRITE)
def delete(authority: Authority, user_id: str) -> Response:
    """Delete an account."""
    get_services().user_administration.delete(authority, user_id, languages())
    return no_content()


@blueprint.route("/admin/users/{user_id}/logout", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE)
@administers(WRITE)
def end_sessions(authority: Authority, user_id: str) -> Response:
    """End every session of a user."""
    get_services().user_administration.end_sessions(authority, user_id)
    return no_content()


@blueprint.route(
    "/admin/users/{user_id}/password-reset", methods=["POST"], authorizer=bearer, content_types=ANY_TYPE
)
@administers(WRITE)
def request_reset(authority: Authority, user_id: str) -> Response:
    """Mail a user how to set a new password."""
    get_services().user_administration.request_reset(authority, user_id, languages())
    return json_response({}, 202)


def _account_response(account: Account, status: int = 200) -> Response:
    return json_response(account_json(account), status, {"ETag": entity_tag(account)})


def _permissions(values: list[Any]) -> Scope:
    if not all(isinstance(one, str) for one in values):
        raise InvalidRequest(
            "wrong type in permissions", description="The parameter permissions must be a list of strings."
        )
    scope = Scope.of(values)
    check_permissions(scope)
    return scope


def _page_size(text: str | None) -> int:
    size = DEFAULT_PAGE if text is None else int(text) if re.fullmatch("[0-9]{1,3}", text) else 0
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidRequest(
            "bad limit", description=f"The parameter limit must be a number from 1 to {LARGEST_PAGE}."
        )
    return size


def _parameter(name: str) -> str | None:
    """Return a parameter of the query.

    An empty parameter does not count as absent: a script that meant one account would get all of them.
    """
    query = current_request().query_params
    values = query.getlist(name) if query and name in query else []
    if len(values) > 1:
        raise InvalidRequest(f"repeated {name}", description=f"The parameter {name} is repeated.")
    if values == [""]:
        raise InvalidRequest(f"empty {name}", description=f"The parameter {name} is empty.")
    return str(values[0]) if values else None
