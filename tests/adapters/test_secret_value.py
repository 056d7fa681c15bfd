"""The key of sign-in names in the secret's JSON."""

from __future__ import annotations

import json

import pytest

from chalicelib.adapters.secrets_manager.secret_value import secret_text, signing_key
from chalicelib.domain.errors import UnreadableKey
from chalicelib.domain.sign_in.name_key import NameKey

VALUE = {"alg": "HS256", "key": "k" * 64}
OWN = "n" * 64


def test_a_secret_without_a_name_key_has_a_derived_one_and_is_not_written_with_it() -> None:
    key = signing_key("kid", json.dumps(VALUE))
    assert key.own_name_key is None
    assert key.name_key == NameKey.derived_from(key.material)
    assert "name_key" not in secret_text(key)


def test_a_name_key_comes_back_as_it_was_written() -> None:
    key = signing_key("kid", json.dumps({**VALUE, "name_key": OWN}))
    assert key.name_key == NameKey(OWN.encode())
    assert json.loads(secret_text(key))["name_key"] == OWN
    assert signing_key("kid", secret_text(key)) == key


@pytest.mark.parametrize("bad", ["", "short", 7, [], {"a": 1}, True])
def test_a_name_key_that_somebody_has_broken_is_no_key(bad: object) -> None:
    """To derive one instead would begin every count anew, in silence."""
    with pytest.raises(UnreadableKey) as refusal:
        signing_key("kid", json.dumps({**VALUE, "name_key": bad}))
    assert str(bad) not in str(refusal.value) or bad == ""
