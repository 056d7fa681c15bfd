"""What the authorizer may read of an API key's owner."""

from __future__ import annotations

import pytest

from chalicelib.adapters.dynamodb.api_keys.reader import ATTRIBUTES
from chalicelib.adapters.dynamodb.items import account_item
from tests.adapters.records import account
from tests.infra.template.calls import TABLE, Call
from tests.infra.template.recorded import AUTHORIZER
from tests.infra.template.test_policies import policy_of


@pytest.mark.parametrize(
    ("key", "attributes", "allowed"),
    [
        ("ACCOUNT#u", ("disabled", "pk", "scope", "sk", "user_id"), True),
        ("KEYS#u", ("pk", "secret_hash", "sk"), True),
        # No projection is a request for everything.
        ("ACCOUNT#u", (), False),
        ("KEYS#u", (), False),
        ("ACCOUNT#u", ("email",), False),
        ("ACCOUNT#u", ("disabled", "username"), False),
        ("ACCOUNT#u", ("password_hash",), False),
        ("PASSWORD#u", ("password_hash",), False),
        ("PASSWORD#u", ("pk", "sk", "user_id"), False),
        ("NAME#n", ("user_id",), False),
        ("SESSIONS#u", ("tag_key",), True),
    ],
)
def test_of_the_owner_of_a_key_the_authorizer_reads_the_state_alone(
    key: str, attributes: tuple[str, ...], *, allowed: bool
) -> None:
    call = Call(AUTHORIZER, "dynamodb:BatchGetItem", TABLE, (key,), attributes)
    assert policy_of(AUTHORIZER).allows(call) is allowed


def test_no_attribute_that_the_authorizer_reads_of_keys_is_one_of_accounts() -> None:
    """One projection holds for both kinds of item; of an account it shows what is named here."""
    shown = set(ATTRIBUTES) & set(account_item(account()))
    assert shown == {"pk", "sk", "user_id", "disabled", "scope"}
