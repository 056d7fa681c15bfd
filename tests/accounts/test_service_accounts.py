"""Service accounts: no address, no password, nothing but API keys."""

from __future__ import annotations

import pytest

from chalicelib.accounts.mailing import Outcome
from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from chalicelib.domain.errors import InvalidGrant, InvalidScope
from chalicelib.domain.mail import MailKind
from chalicelib.domain.tokens.scopes import Scope
from tests.changes import ACTOR
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.mail_requests import mail_request
from tests.oauth.actors import sign_in


@pytest.fixture
def services(adapters: FakeAdapters) -> FakeServices:
    return fake_services(adapters)


def test_it_is_found_by_its_name_and_cannot_sign_in(services: FakeServices) -> None:
    made = services.create_service_account("robot", ["a"], ACTOR)
    assert (made.email, made.username, str(made.permissions)) == ("", "robot", "a")
    assert services.adapters.store.find(SignInName.of("Robot")) == made
    assert [one.canonical for one in made.sign_in_names] == ["robot"]
    with pytest.raises(InvalidGrant):
        sign_in(services, "robot", "")
    with pytest.raises(InvalidGrant):
        sign_in(services, "robot", "anything")
    (change,) = services.adapters.store.recorded
    assert (change.kind, change.actor, str(change.granted)) == (ChangeKind.CREATED, ACTOR, "a")


def test_a_taken_name_and_a_malformed_permission_are_refused(services: FakeServices) -> None:
    services.create_service_account("robot", [], ACTOR)
    for name, permissions in (("Robot", []), ("not a name", []), ("other", ["a b"])):
        with pytest.raises(InvalidAccount):
            services.create_service_account(name, permissions, ACTOR)


def test_its_keys_have_at_most_its_permissions_and_nobody_is_mailed(services: FakeServices) -> None:
    made = services.create_service_account("robot", ["a"], ACTOR)
    administration = services.api_key_administration
    key, secret = administration.create(made.user_id, ApiKeyOrder("x"), ACTOR)
    assert key.opens_with(secret)
    with pytest.raises(InvalidScope):
        administration.create(made.user_id, ApiKeyOrder("x", Scope.of({"b"})), ACTOR)
    administration.revoke(key, ACTOR)
    assert services.adapters.mail_queue.requests == []


def test_a_notice_finds_no_address(services: FakeServices) -> None:
    made = services.create_service_account("robot", [], ACTOR)
    request = mail_request(MailKind.API_KEY_REVOKED, user_id=made.user_id)
    assert services.mailing.deliver(request) is Outcome.NO_ADDRESS
    assert services.adapters.mail_sender is not None
    assert services.adapters.mail_sender.mails == []
