"""Administration over the wire: each route once, and its errors."""

from __future__ import annotations

from typing import Any

import requests

from infra.operate.api_client import ApiClient
from tests.blackbox.errors import BARE, check
from tests.blackbox.local_deployment import LocalDeployment

HELD = ("users:read", "users:write")


def ask(app: ApiClient, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    headers["Authorization"] = f"Bearer {app.access_token}"
    return app.send(method, f"/admin/users{path}", headers=headers, json=body)


def test_an_account_from_invitation_to_deletion(stage: LocalDeployment) -> None:
    admin = stage.signed_in(permissions=HELD)
    invited = ask(admin, "POST", "", {"email": "invited@example.com", "permissions": ["users:read"]})
    assert (invited.status_code, invited.headers["Cache-Control"]) == (201, "no-store")
    user_id = invited.json()["id"]
    check(ask(admin, "POST", "", {"email": "Invited@example.com"}), 409, "conflict")
    found = ask(admin, "GET", "?email=INVITED@example.com").json()
    assert found == {"users": [invited.json()], "next": None}
    page = ask(admin, "GET", "?limit=2").json()
    ids = [one["id"] for one in page["users"]]
    while page["next"]:
        page = ask(admin, "GET", f"?limit=2&cursor={page['next']}").json()
        ids += [one["id"] for one in page["users"]]
    assert ids == sorted(set(ids))
    assert user_id in ids
    read = ask(admin, "GET", f"/{user_id}")
    assert read.json() == invited.json()
    changes = {"permissions": [], "disabled": True, "metadata": {"plan": "pro"}}
    changed = ask(admin, "PATCH", f"/{user_id}", changes, **{"If-Match": read.headers["ETag"]})
    assert changed.json() == invited.json() | changes
    stale = ask(admin, "PATCH", f"/{user_id}", {"disabled": False}, **{"If-Match": read.headers["ETag"]})
    check(stale, 412, "precondition_failed")
    check(ask(admin, "POST", f"/{user_id}/password-reset"), 409, "conflict")
    assert ask(admin, "PATCH", f"/{user_id}", {"disabled": False}).status_code == 200
    assert ask(admin, "POST", f"/{user_id}/password-reset").status_code == 202
    assert ask(admin, "POST", f"/{user_id}/logout").status_code == 204
    assert ask(admin, "DELETE", f"/{user_id}").status_code == 204
    check(ask(admin, "DELETE", f"/{user_id}"), 404, "not_found")


def test_errors_have_the_shape_of_the_contract(stage: LocalDeployment) -> None:
    admin, reader = stage.signed_in(permissions=HELD), stage.signed_in(permissions=("users:read",))
    own_id = admin.me().json()["id"]
    refused = f'{BARE}, error="insufficient_scope", scope="users:write"'
    for method, path in (("POST", ""), ("PATCH", "/x"), ("DELETE", "/x"), ("POST", "/x/logout")):
        answer = ask(reader, method, path)
        check(answer, 403, "insufficient_scope", refused, by_function=True)
    check(ask(admin, "GET", "?limit=0"), 400, "invalid_request")
    check(ask(admin, "GET", "?cursor=x"), 400, "invalid_request")
    check(ask(admin, "PATCH", f"/{own_id}", {"email": "x@example.com"}), 400, "invalid_request")
    check(ask(admin, "PATCH", f"/{own_id}", {"disabled": True}), 409, "conflict")
    check(ask(admin, "PUT", f"/{own_id}", {}), 404, "not_found")
    more = f'{BARE}, error="insufficient_scope", scope="billing:write"'
    granted = ask(admin, "PATCH", f"/{own_id}", {"permissions": [*HELD, "billing:write"]})
    check(granted, 403, "insufficient_scope", more, by_function=True)
