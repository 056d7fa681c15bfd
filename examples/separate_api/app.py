"""An API of its own that asks Gatehouse's authorizer; docs/separate-api.md explains it."""

import os

from chalice.app import Chalice, CustomAuthorizer, ForbiddenError

app = Chalice(app_name="orders")
gatehouse = CustomAuthorizer(
    "gatehouse",
    header="Authorization",
    # API Gateway's address of a function: Gatehouse's output AuthorizerArn is in it.
    authorizer_uri=os.environ.get("GATEHOUSE_AUTHORIZER_URI", "not deployed"),
    ttl_seconds=60,
)


def _claims() -> dict[str, str]:
    """Return what the authorizer verified; API Gateway makes a string of every value."""
    assert app.current_request is not None  # noqa: S101 - Chalice sets it before each view
    claims: dict[str, str] = app.current_request.context["authorizer"]
    return claims


@app.route("/orders", authorizer=gatehouse)
def orders() -> dict[str, str]:
    """Return whose orders these are."""
    return {"orders of": _claims()["sub"]}


@app.route("/orders", methods=["DELETE"], authorizer=gatehouse)
def delete_orders() -> dict[str, str]:
    """Delete every order, for callers with the permission `orders:write`."""
    if "orders:write" not in _claims().get("scope", "").split():
        raise ForbiddenError("The permission orders:write is missing.")
    return {}
