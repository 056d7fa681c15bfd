"""The export compared with the layout of the table: each kind of item and each attribute is decided about."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.api_keys.items import api_key_item
from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.devices import device_item
from chalicelib.adapters.dynamodb.items import Item, account_item, ended_item, session_item
from chalicelib.adapters.dynamodb.own_account.export import EXPORTED, exported_item
from chalicelib.adapters.dynamodb.own_account.former_names import former_name_item
from chalicelib.adapters.dynamodb.own_account.profiles import profile_item
from chalicelib.adapters.dynamodb.verification.items import verification_item
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.export import ExportedItem
from chalicelib.domain.accounts.own.profiles import Profile
from chalicelib.domain.mail_messages import Report
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store
from tests.adapters.records import EMAIL, NOW, account, device_key, id_of, rotated, session
from tests.adapters.test_store_contract_api_keys import key
from tests.adapters.verification_records import verification
from tests.changes import changed
from tests.fake_aws import AwsServices
from tests.source_modules import ROOT

ADA = id_of("ada")
LAYOUT = (ROOT / "docs/decisions/0001-one-table.md").read_text(encoding="utf-8")
CHANGE = replace(changed(ADA), granted=Scope.of(["a"]), withdrawn=Scope.of(["b"]), api_key="ghk_x")
SESSION = rotated(session(granted=Scope.of(["a"])))
ITEMS: list[tuple[Item, set[str]]] = [
    (account_item(account(username="ada")), {"listed"}),
    (profile_item(ADA, Profile("{}"), NOW), {"user_id", "profile", "tag"}),
    (former_name_item(ADA, "ada", NOW), {"user_id", "ttl"}),
    (
        session_item(SESSION, 30),
        {"user_id", "ttl", "tag_key", "current", "previous", "nonce", "idempotency"},
    ),
    (device_item(device_key(), 0, NOW), {"user_id", "digest"}),
    (api_key_item(key(expires_at=NOW)), {"user_id", "ttl", "secret_hash"}),
    (ended_item(SESSION.ended(EndReason.SIGNED_OUT, NOW), 30), {"user_id", "ttl"}),
    (change_item(CHANGE), {"user_id", "ttl"}),
]
"""Each kind with every attribute it can have, and those that are not exported as an attribute."""


def rows(section: str, column: int) -> dict[str, str]:
    """Return a column of a table in the decision, by the first part of the partition key."""
    text = LAYOUT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| `([A-Z]+)#[^`]*` \|(.*)\|$", text, re.MULTILINE)
    return {name: line.split("|")[column].strip() for name, line in lines}


def test_each_kind_of_item_is_exported_or_has_a_reason_and_an_end() -> None:
    exports, ends = rows("Export and deletion", 0), rows("Export and deletion", 1)
    assert exports.keys() == ends.keys() == rows("Items", 0).keys()
    assert {name for name, text in exports.items() if text.startswith("yes")} == EXPORTED.keys()
    assert all(re.match(r"yes\b|no: .{10}", text) for text in exports.values())
    assert all(ends.values())


@pytest.mark.parametrize(("item", "withheld"), ITEMS, ids=[one["pk"]["S"][:5] for one, _ in ITEMS])
def test_each_attribute_is_exported_or_withheld_on_purpose(item: Item, withheld: set[str]) -> None:
    kind = EXPORTED[item["pk"]["S"].partition("#")[0]]
    assert item.keys() - {"pk", "sk"} == kind.attributes | withheld
    assert exported_item(item).attributes.keys() == kind.attributes


def test_an_attribute_that_nobody_decided_about_is_not_exported() -> None:
    item = account_item(account()) | {"password_hash": {"S": "secret"}, "code_mac": {"B": b"secret"}}
    assert "secret" not in str(exported_item(item))


def test_what_is_no_part_of_the_export_cannot_be_rendered() -> None:
    with pytest.raises(KeyError):
        exported_item(verification_item(verification()))


def test_a_mark_of_the_address_is_exported(aws_services: AwsServices) -> None:
    adapters, mine = aws_services.adapters, account()
    Store.of(aws_services).create(mine)
    adapters.undeliverable_addresses.add(SignInName.of(EMAIL), Report.COMPLAINT, NOW)
    assert adapters.personal_data.exported_account(mine)[1:] == [
        ExportedItem("address_mark", {"reason": Report.COMPLAINT.value, "reported_at": NOW})
    ]
