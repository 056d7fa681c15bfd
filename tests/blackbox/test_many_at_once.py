"""A hundred requests of every kind at once: each gets its own answer, and none is dropped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from infra.operate.api_client import ApiClient, summarize
from tests.blackbox.local_deployment import LocalDeployment

AT_ONCE = 100


def journeys(stage: LocalDeployment) -> list[tuple[str, Callable[[], str]]]:
    """Return what is asked, with the answer that it must get. Whoever ends a session has it alone."""
    users = [stage.account() for _ in range(10)]
    signing_in = [stage.visitor(user) for user in users * 2]
    asking = [stage.signed_in(user) for user in users[:5]] * 4
    refreshing = [stage.signed_in(user) for user in users[5:] * 3]
    revoking = [stage.signed_in(user) for user in users]
    leaving = [stage.signed_in() for _ in range(5)]
    visitors = [stage.visitor("demo@example.com") for _ in range(30)]
    return [
        *(("200", lambda app=app: summarize(app.sign_in())) for app in signing_in),
        *(("200", lambda app=app: summarize(app.me())) for app in asking),
        *(("200", lambda app=app: summarize(app.refresh(app.refresh_token))) for app in refreshing),
        *(("200", lambda app=app: summarize(_revoke(app))) for app in revoking),
        *(("204 no JSON", lambda app=app: summarize(_leave(app))) for app in leaving),
        *(("200", lambda app=app: summarize(app.get("/health"))) for app in visitors[:8]),
        *(("404 not_found", lambda app=app: summarize(app.get("/nothing"))) for app in visitors[8:14]),
        *(
            ("401 unauthorized +challenge", lambda app=app: summarize(app.get("/me")))
            for app in visitors[14:20]
        ),
        *(
            ("401 invalid_token +challenge", lambda app=app: summarize(app.get("/me", "Bearer x")))
            for app in visitors[20:25]
        ),
        *(
            ("400 invalid_grant", lambda app=app: summarize(app.sign_in(password="no")))
            for app in visitors[25:]
        ),
    ]


def _revoke(app: ApiClient) -> requests.Response:
    return app.send("POST", "/oauth/revoke", data={"token": app.refresh_token})


def _leave(app: ApiClient) -> requests.Response:
    return app.send("DELETE", "/me/sessions", headers={"Authorization": f"Bearer {app.access_token}"})


def test_each_of_a_hundred_at_once_gets_its_own_answer(stage: LocalDeployment) -> None:
    asked = journeys(stage)
    assert len(asked) == AT_ONCE
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = list(pool.map(lambda one: one[1](), asked))
    assert seen == [expected for expected, _ in asked]


def test_nobody_gets_the_account_of_somebody_else(stage: LocalDeployment) -> None:
    apps = [stage.signed_in() for _ in range(10)]

    def names(app: ApiClient) -> set[str]:
        return {app.me().json()["email"] for _ in range(4)}

    with ThreadPoolExecutor(len(apps)) as pool:
        assert list(pool.map(names, apps)) == [{app.username} for app in apps]
