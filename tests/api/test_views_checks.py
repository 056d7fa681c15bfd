"""Routes that would be open by mistake, or would corrupt bodies, are refused while `app.py` is imported."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from typing import Any

import pytest
from chalice.app import Chalice, CORSConfig

from chalicelib import functions
from chalicelib.api.application import create_app
from chalicelib.api.claims import bearer, claims, requires
from chalicelib.api.http import OutsideOfRequest
from chalicelib.api.views import finalize_routes
from chalicelib.api.views.checks import BadRoute
from chalicelib.settings import OWN_ROUTES
from tests.api.events import Gateway
from tests.api.test_claims import CONTEXT
from tests.api.test_developers_routes import ask, own_app


def new_app(**route: Any) -> Chalice:
    """Return an app that is not finalized, with one sound route."""
    app = Chalice("own", configure_logs=False)
    app.route("/sound", **route)(dict)
    return app


def view() -> dict[str, str]:
    return {}


def test_a_guard_above_the_route_is_refused_with_and_without_an_authorizer() -> None:
    for parameters in ({}, {"authorizer": bearer}):
        app = new_app()

        @requires("reports:read")
        @app.route("/reports", **parameters)
        def reports() -> dict[str, str]:
            return {}

        with pytest.raises(
            BadRoute, match=r"test_views_checks.py:\d+: GET /reports: @requires must be below"
        ):
            finalize_routes.finalize(app)


def test_a_guard_above_the_route_is_found_behind_another_decorator() -> None:
    def passing(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def called(*args: Any) -> Any:
            return function(*args)

        return called

    app = new_app()
    requires()(passing(app.route("/reports")(view)))
    with pytest.raises(BadRoute, match="must be below @route"):
        finalize_routes.finalize(app)
    del view._is_guarded  # type: ignore[attr-defined]
    sound = new_app()
    sound.route("/reports", authorizer=bearer)(requires()(passing(dict)))
    sound.route("/more", authorizer=bearer)(passing(requires()(dict)))
    finalize_routes.finalize(sound)


def test_a_guard_without_parentheses_is_refused() -> None:
    with pytest.raises(BadRoute, match=r"test_views_checks.py:\d+: write @requires\(\) with parentheses"):
        requires(view)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("permission", "sentence"),
    [
        (["a", "b"], r"separate arguments: @requires\('a', 'b'\)"),
        (7, r"separate arguments: @requires\(\.\.\.\)"),
        ("a b", "without space"),
        ("", "without space"),
    ],
)
def test_what_is_no_permission_is_refused(permission: Any, sentence: str) -> None:
    with pytest.raises(BadRoute, match=sentence):
        requires(permission)


@pytest.mark.parametrize(
    ("parameters", "guard", "sentence"),
    [
        ({"authorizer": bearer}, lambda one: one, r"a protected route needs @requires\(\.\.\.\) below"),
        ({}, requires(), r"needs the authorizer: write @route\(\.\.\., authorizer=bearer\)"),
        ({"cors": True}, lambda one: one, "CORS_ALLOW_ORIGINS"),
        ({"cors": CORSConfig()}, lambda one: one, "CORS_ALLOW_ORIGINS"),
        (
            {"content_types": ["application/pdf"]},
            lambda one: one,
            r'add "application/pdf" to BINARY_TYPES in chalicelib/functions/__init__.py',
        ),
        ({"content_types": ["multipart/form-data"]}, lambda one: one, "would corrupt bodies"),
    ],
)
def test_what_cannot_mean_what_it_says_is_refused(
    parameters: dict[str, Any], guard: Callable[..., Any], sentence: str
) -> None:
    app = new_app()
    app.route("/reports", **parameters)(guard(dict))
    with pytest.raises(BadRoute, match=sentence):
        finalize_routes.finalize(app)


def test_cors_of_the_whole_app_is_refused() -> None:
    app = Chalice("own", configure_logs=False)
    app.api.cors = True
    app.route("/reports")(dict)
    with pytest.raises(BadRoute, match="CORS_ALLOW_ORIGINS"):
        finalize_routes.finalize(app)


def test_a_view_that_promises_bytes_is_told_of_the_content_type() -> None:
    def picture() -> bytes:
        return b""

    app = new_app()
    app.route("/picture")(picture)
    with pytest.raises(BadRoute, match="needs a content type"):
        finalize_routes.finalize(app)


@pytest.mark.parametrize(
    "types",
    [["*/*"], ["text/csv"], ["application/vnd.api+json"], ["image/png"], ["application/json; charset=utf-8"]],
)
def test_sound_content_types_are_accepted(types: list[str]) -> None:
    finalize_routes.finalize(new_app(content_types=types))


def test_another_authorizer_needs_no_guard() -> None:
    app = Chalice("own", configure_logs=False)

    @app.authorizer()  # type: ignore[untyped-decorator,unused-ignore]
    def another(_: Any) -> Any:
        return None

    app.route("/reports", authorizer=another)(dict)
    finalize_routes.finalize(app)


def test_a_route_after_the_end_is_refused() -> None:
    app = new_app()
    finalize_routes.finalize(app)
    with pytest.raises(BadRoute, match="The view view is registered after the end"):
        app.route("/late")(view)


def test_a_thread_of_a_view_has_the_claims_in_a_copy_of_the_context_and_says_so_otherwise(
    gateway: Gateway,
) -> None:
    said: list[str] = []

    def bare() -> None:
        try:
            claims()
        except OutsideOfRequest as error:
            said.append(str(error))

    def own(name: str) -> dict[str, str]:
        thread = threading.Thread(target=bare)
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as executor:
            return {"sub": executor.submit(copy_context().run, claims).result().subject}

    assert ask(own_app(requires()(own)), context=CONTEXT).json == {"sub": CONTEXT["sub"]}
    assert "executor.submit(contextvars.copy_context().run, work)" in said[0]


def test_a_developer_names_further_binary_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions, "BINARY_TYPES", ["application/pdf"])
    assert "application/pdf" in create_app.__wrapped__(OWN_ROUTES).api.binary_types
