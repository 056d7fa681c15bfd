"""Every way through the three functions that calls AWS or says something, the rare ones included."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.accounts import Account
from chalicelib.domain.names import SignInName
from chalicelib.domain.passwords import Password
from chalicelib.domain.ports import AccountChanged
from chalicelib.domain.sessions import EndReason, Session
from chalicelib.wiring import House
from chalicelib.world import World
from tests.infra.driven import API, AUTHORIZER, Stage

ADA, ADMIN, OFF, BROKEN, RACER = (
    f"{name}@example.com" for name in ("ada", "admin", "off", "broken", "racer")
)
PASSWORD = "open the gate, please"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def every_flow(stage: Stage) -> None:
    """Drive them all."""
    _furnish(stage)
    for flow in (
        _sign_ins,
        _refusals_at_sign_in,
        _waiting,
        _refreshes,
        _own_account,
        _revocations,
        _administration,
        _lost_races,
        _denials,
        _rotations,
        _breach,
        _outages,
        _crashes,
    ):
        flow(stage)


def _furnish(stage: Stage) -> None:
    for email in (ADA, ADMIN, OFF, BROKEN, RACER):
        held = ("users:read",) if email == ADMIN else ()
        stage.operator.create_account(email=email, password=Password(PASSWORD), permissions=held)
    stage.operator.administration.disable(_account(stage, OFF).user_id)
    stage.aws.dynamodb.update_item(
        TableName=stage.aws.settings.users_table,
        Key={"pk": {"S": f"ACCOUNT#{_account(stage, BROKEN).user_id}"}, "sk": {"S": "ACCOUNT"}},
        UpdateExpression="SET password_hash = :junk",
        ExpressionAttributeValues={":junk": {"S": "junk"}},
    )


def _sign_ins(stage: Stage) -> None:
    """The first one rehashes, the third one ends the least recently used session."""
    for _ in range(3):
        assert "access_token" in stage.sign_in(ADA)
        stage.clock.advance(1)


def _refusals_at_sign_in(stage: Stage) -> None:
    for name, password in ((ADA, "wrong"), ("nobody", PASSWORD), (OFF, PASSWORD), (BROKEN, PASSWORD)):
        assert stage.sign_in(name, password)["error"] == "invalid_grant"
    assert stage.token(grant_type="password", username=ADA)["error"] == "invalid_request"
    assert stage.token(grant_type="other")["error"] == "unsupported_grant_type"
    assert stage.token(grant_type="password", client_id="x", username=ADA)["error"] == "invalid_client"
    asked = stage.token(grant_type="password", username=ADA, password=PASSWORD, scope="users:write")
    assert asked["error"] == "invalid_scope"
    assert stage.ask("GET", "/oauth/token").status == 405


def _waiting(stage: Stage) -> None:
    for name in (RACER, "nobody"):
        errors = [stage.sign_in(name, "wrong")["error"] for _ in range(4)]
        assert errors[-1] == "temporarily_unavailable"
    stage.clock.advance(3_600)
    assert "access_token" in stage.sign_in(RACER)


def _refreshes(stage: Stage) -> None:
    first = stage.sign_in(ADA)["refresh_token"]
    second = stage.refresh(first)["refresh_token"]
    assert stage.refresh(first)["refresh_token"] == second
    stage.refresh(second)
    stage.clock.advance(60)
    assert stage.refresh(first)["error"] == "invalid_grant"
    assert stage.refresh(second)["error"] == "invalid_grant"
    assert stage.refresh("ghr_mangled")["error"] == "invalid_grant"
    old = stage.sign_in(ADA)["refresh_token"]
    stage.clock.advance(31 * 86_400)
    assert stage.refresh(old)["error"] == "invalid_grant"


def _own_account(stage: Stage) -> None:
    stage.sign_in(ADA)
    token = stage.sign_in(ADA)["access_token"]
    assert stage.ask("GET", "/me", token).status == 200
    listed = json.loads(stage.ask("GET", "/me/sessions", token).body)["sessions"]
    (other,) = (one["id"] for one in listed if not one["current"])
    assert stage.ask("DELETE", f"/me/sessions/{other}", token).status == 204
    assert stage.ask("DELETE", f"/me/sessions/{other}", token).status == 404
    assert stage.ask("DELETE", "/me/sessions", token).status == 204
    assert stage.ask("GET", "/me", token).status == 401


def _revocations(stage: Stage) -> None:
    by_refresh, by_access = stage.sign_in(ADA)["refresh_token"], stage.sign_in(ADA)["access_token"]
    for token in (by_refresh, by_access, by_refresh, "unknown"):
        assert stage.ask("POST", "/oauth/revoke", form={"token": token}).status == 200


def _administration(stage: Stage) -> None:
    user_id = _account(stage, ADA).user_id
    admin, ada = stage.sign_in(ADMIN)["access_token"], stage.sign_in(ADA)["access_token"]
    assert stage.ask("GET", f"/admin/users/{user_id}", admin).status == 200
    assert stage.ask("GET", f"/admin/users/{user_id}", ada).status == 403
    assert stage.ask("GET", "/admin/users/unknown", admin).status == 404
    assert stage.ask("GET", "/health").status == 200


def _lost_races(stage: Stage) -> None:
    """What the adapters do when somebody else was quicker, which a single driver is never."""
    world, account = stage.houses[API].world, _account(stage, RACER)
    stage.sign_in(RACER)
    session = _sessions(stage, RACER)[0]
    after = replace(session, last_used_at=session.last_used_at + 1)
    stale = replace(session, family=replace(session.family, generation=7))
    assert world.sessions.rotate(stale, after) is not None
    stage.operator.world.sessions.end([session], EndReason.ADMINISTRATOR, stage.clock())
    assert world.sessions.rotate(session, after) is None
    outdated = replace(account, password_version=account.password_version + 1)
    another = replace(session, session_id=uuid.uuid4().hex)
    with pytest.raises(AccountChanged):
        world.sessions.open(another, outdated, None, 2)


def _denials(stage: Stage) -> None:
    token = stage.sign_in(ADA)["access_token"]
    header, payload, _ = token.split(".")
    for bad in ("x.y.z", f"{header}.{payload}.AAAA", ""):
        assert stage.ask("GET", "/me", bad).status == 401
    stage.clock.advance(3_601)
    assert stage.ask("GET", "/me", token).status == 401


def _rotations(stage: Stage) -> None:
    """Each step twice, as Secrets Manager may; then the token of the key before is shown to everybody."""
    tokens = stage.sign_in(ADA)
    version = str(uuid.uuid4())
    for step in STEPS:
        stage.rotate(step, version)
        stage.rotate(step, version)
    assert stage.ask("GET", "/me", tokens["access_token"]).status == 200
    assert "access_token" in stage.refresh(tokens["refresh_token"])
    with pytest.raises(KeyError):
        stage.rotate("anotherStep", version)
    with pytest.raises(Exception, match="no value"):
        stage.rotate("testSecret", str(uuid.uuid4()))


def _breach(stage: Stage) -> None:
    """What the functions do once an operator has declared one."""
    tokens = stage.sign_in(ADA)
    operator = stage.operator
    operator.key_rotation.replace_without_grace(str(uuid.uuid4()), 1)
    operator.world.sessions.advance_epoch(1, stage.clock())
    assert stage.ask("GET", "/me", tokens["access_token"]).status == 401
    assert stage.refresh(tokens["refresh_token"])["error"] == "invalid_grant"
    assert stage.ask("GET", "/me", stage.sign_in(ADA)["access_token"]).status == 200


def _outages(stage: Stage) -> None:
    token = stage.sign_in(ADA)["access_token"]
    for function in (API, AUTHORIZER):
        with stage.disturbed(function, stage.without_table()):
            assert stage.ask("GET", "/me", token).status == 503
    with stage.disturbed(API, stage.without_table()):
        assert stage.sign_in(ADA)["error"] == "temporarily_unavailable"
        assert stage.refresh(_refresh_token(stage))["error"] == "temporarily_unavailable"


def _crashes(stage: Stage) -> None:
    with stage.disturbed(API, Crashing(stage.houses[API].settings, stage.houses[API].world)):
        assert stage.ask("POST", "/oauth/token", form={"grant_type": "password"}).status == 503


@dataclass(frozen=True)
class Crashing(House):
    """A house with a defect."""

    world: World

    @property
    def token_endpoint(self) -> Any:
        """Fail as a defect does."""
        raise RuntimeError("a defect")


def _refresh_token(stage: Stage) -> str:
    with stage.disturbed(API, stage.operator):
        return str(stage.sign_in(ADA)["refresh_token"])


def _account(stage: Stage, email: str) -> Account:
    found = stage.operator.world.accounts.find(SignInName.of(email))
    assert found is not None
    return found


def _sessions(stage: Stage, email: str) -> list[Session]:
    return stage.operator.world.sessions.active(_account(stage, email).user_id)
