"""Every way through the four functions that calls AWS or says something, the rare ones included."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.adapters.secrets_manager.keys import LOOKUP_BURST
from chalicelib.aws_adapters import Adapters
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.session import EndReason, Session
from chalicelib.domain.sign_in.attempts import SignInCandidate
from chalicelib.domain.sign_in.device_keys import MAX_DEVICES, DeviceKey
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.services import Services
from tests.changes import ACTOR
from tests.infra.template import administration_flows, mail_flows
from tests.infra.template.account_flows import account_flows
from tests.infra.template.recorded import API, AUTHORIZER, FunctionHarness

ADA, ADMIN, OFF, BROKEN, RACER = (
    f"{name}@example.com" for name in ("ada", "admin", "off", "broken", "racer")
)
PASSWORD = "open the gate, please"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def every_flow(stage: FunctionHarness) -> None:
    _furnish(stage)
    for flow in (
        _sign_ins,
        _refusals_at_sign_in,
        _waiting,
        _refreshes,
        _own_account,
        _revocations,
        _administration,
        account_flows,
        _lost_races,
        _denials,
        _rotations,
        _breach,
        _unknown_keys,
        mail_flows.mails,
        mail_flows.reports,
        mail_flows.mails_that_stay,
        _outages,
        _crashes,
    ):
        flow(stage)


def _furnish(stage: FunctionHarness) -> None:
    for email in (ADA, ADMIN, OFF, BROKEN, RACER):
        held = ("users:read", "users:write") if email == ADMIN else ()
        stage.operator.create_account(email=email, password=Password(PASSWORD), permissions=held)
    stage.operator.administration.disable(_account(stage, OFF).user_id, ACTOR)
    stage.aws.dynamodb.update_item(
        TableName=stage.aws.settings.users_table,
        Key={"pk": {"S": f"PASSWORD#{_account(stage, BROKEN).user_id}"}, "sk": {"S": "PASSWORD"}},
        UpdateExpression="SET password_hash = :junk",
        ExpressionAttributeValues={":junk": {"S": "junk"}},
    )


def _sign_ins(stage: FunctionHarness) -> None:
    """The first one rehashes, the third one ends a session, the last one but one forgets a device."""
    for _ in range(MAX_DEVICES + 1):
        answer = stage.sign_in(ADA)
        stage.clock.advance(1)
    form = {"grant_type": "password", "username": ADA, "password": PASSWORD}
    assert "access_token" in stage.token(**form, device_key=answer["device_key"])


def _refusals_at_sign_in(stage: FunctionHarness) -> None:
    for name, password in ((ADA, "wrong"), ("nobody", PASSWORD), (OFF, PASSWORD), (BROKEN, PASSWORD)):
        assert stage.sign_in(name, password)["error"] == "invalid_grant"
    assert stage.token(grant_type="password", username=ADA)["error"] == "invalid_request"
    assert stage.token(grant_type="other")["error"] == "unsupported_grant_type"
    assert stage.token(grant_type="password", client_id="x", username=ADA)["error"] == "invalid_client"
    asked = stage.token(grant_type="password", username=ADA, password=PASSWORD, scope="users:write")
    assert asked["error"] == "invalid_scope"
    assert stage.ask("GET", "/oauth/token").status == 405


def _waiting(stage: FunctionHarness) -> None:
    for name in (RACER, "nobody"):
        errors = [stage.sign_in(name, "wrong")["error"] for _ in range(4)]
        assert errors[-1] == "temporarily_unavailable"
    stage.clock.advance(7 * 86_400)
    assert "access_token" in stage.sign_in(RACER)


def _refreshes(stage: FunctionHarness) -> None:
    second = stage.refresh(first := stage.sign_in(ADA)["refresh_token"])["refresh_token"]
    assert stage.refresh(first)["refresh_token"] == second
    stage.refresh(second)
    stage.clock.advance(60)
    assert stage.refresh(first)["error"] == "invalid_grant"
    assert stage.refresh(second)["error"] == "invalid_grant"
    assert stage.refresh("ghr_mangled")["error"] == "invalid_grant"
    old = stage.sign_in(ADA)["refresh_token"]
    stage.clock.advance(31 * 86_400)
    assert stage.refresh(old)["error"] == "invalid_grant"


def _own_account(stage: FunctionHarness) -> None:
    stage.sign_in(ADA)
    token = stage.sign_in(ADA)["access_token"]
    assert stage.ask("GET", "/me", token).status == 200
    listed = json.loads(stage.ask("GET", "/me/sessions", token).body)["sessions"]
    (other,) = (one["id"] for one in listed if not one["current"])
    assert stage.ask("DELETE", f"/me/sessions/{other}", token).status == 204
    assert stage.ask("DELETE", f"/me/sessions/{other}", token).status == 404
    assert stage.ask("DELETE", "/me/sessions", token).status == 204
    assert stage.ask("GET", "/me", token).status == 401


def _revocations(stage: FunctionHarness) -> None:
    by_refresh, by_access = stage.sign_in(ADA)["refresh_token"], stage.sign_in(ADA)["access_token"]
    for token in (by_refresh, by_access, by_refresh, "unknown"):
        assert stage.ask("POST", "/oauth/revoke", form={"token": token}).status == 200


def _administration(stage: FunctionHarness) -> None:
    user_id = _account(stage, ADA).user_id
    admin, ada = stage.sign_in(ADMIN)["access_token"], stage.sign_in(ADA)["access_token"]
    assert stage.ask("GET", f"/admin/users/{user_id}", admin).status == 200
    assert stage.ask("GET", f"/admin/users/{user_id}", ada).status == 403
    assert stage.ask("GET", "/admin/users/unknown", admin).status == 404
    administration_flows.drive(stage, admin, user_id)
    assert stage.ask("GET", "/health").status == 200


def _lost_races(stage: FunctionHarness) -> None:
    """What the adapters do after a concurrent write, which a single driver never causes."""
    adapters, account = stage.services_of[API].adapters, _account(stage, RACER)
    stage.sign_in(RACER)
    session = _sessions(stage, RACER)[0]
    after = replace(session, last_used_at=session.last_used_at + 1)
    stale = replace(session, family=replace(session.family, generation=7))
    assert adapters.sessions.rotate(stale, after) is not None
    stage.operator.adapters.sessions.end([session], EndReason.ADMINISTRATOR, stage.clock())
    assert adapters.sessions.rotate(session, after) is None
    outdated = replace(account, password_version=account.password_version + 1)
    another = replace(session, session_id=uuid.uuid4().hex)
    with pytest.raises(AccountChanged):
        adapters.sign_ins.open(
            another,
            SignInCandidate(outdated, None),
            None,
            device_key=DeviceKey(account.user_id, Secret(b"k" * 32)),
            rehash=None,
            limit=2,
        )


def _denials(stage: FunctionHarness) -> None:
    token = stage.sign_in(ADA)["access_token"]
    header, payload, _ = token.split(".")
    for bad in ("x.y.z", f"{header}.{payload}.AAAA", ""):
        assert stage.ask("GET", "/me", bad).status == 401
    stage.clock.advance(3_601)
    assert stage.ask("GET", "/me", token).status == 401


def _rotations(stage: FunctionHarness) -> None:
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


def _breach(stage: FunctionHarness) -> None:
    """What the functions do once an operator has declared one."""
    tokens = stage.sign_in(ADA)
    operator = stage.operator
    operator.key_rotation.replace_without_grace(1)
    operator.adapters.system.advance_epoch(1)
    assert stage.ask("GET", "/me", tokens["access_token"]).status == 401
    assert stage.refresh(tokens["refresh_token"])["error"] == "invalid_grant"
    assert stage.ask("GET", "/me", stage.sign_in(ADA)["access_token"]).status == 200


def _unknown_keys(stage: FunctionHarness) -> None:
    """More tokens of unknown keys than are looked up."""
    token = stage.sign_in(ADA)["access_token"]
    _, payload, signature = token.split(".")
    header = json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": str(uuid.uuid4())}).encode()
    unknown = f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{payload}.{signature}"
    statuses = [stage.ask("GET", "/me", unknown).status for _ in range(LOOKUP_BURST + 1)]
    assert (statuses[0], statuses[-1]) == (401, 503)


def _outages(stage: FunctionHarness) -> None:
    token = stage.sign_in(ADA)["access_token"]
    for function in (API, AUTHORIZER):
        with stage.disturbed(function, stage.without_table()):
            assert stage.ask("GET", "/me", token).status == 503
    with stage.disturbed(API, stage.without_table()):
        assert stage.sign_in(ADA)["error"] == "temporarily_unavailable"
        assert stage.refresh(_refresh_token(stage))["error"] == "temporarily_unavailable"


def _crashes(stage: FunctionHarness) -> None:
    with stage.disturbed(API, Crashing(stage.services_of[API].settings, stage.services_of[API].adapters)):
        assert stage.ask("POST", "/oauth/token", form={"grant_type": "password"}).status == 500


@dataclass(frozen=True)
class Crashing(Services):
    """A services with a defect."""

    adapters: Adapters

    @property
    def token_endpoint(self) -> Any:
        """Fail as a defect does."""
        raise RuntimeError("a defect")


def _refresh_token(stage: FunctionHarness) -> str:
    with stage.disturbed(API, stage.operator):
        return str(stage.sign_in(ADA)["refresh_token"])


def _account(stage: FunctionHarness, email: str) -> Account:
    found = stage.operator.adapters.accounts.find(SignInName.of(email))
    assert found is not None
    return found


def _sessions(stage: FunctionHarness, email: str) -> list[Session]:
    return stage.operator.adapters.sessions.stored(_account(stage, email).user_id)
