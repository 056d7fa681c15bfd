"""What every store promises of the export of a person's data."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.own.export import ExportedItem, Section
from chalicelib.domain.accounts.own.profiles import Profile
from chalicelib.domain.sessions.session import EndReason
from tests.adapters.conftest import Store
from tests.adapters.records import EMAIL, NOW, account, id_of, session
from tests.changes import ACTOR, changed

ADA = id_of("ada")
TEXT = '{"n": 1.0}'


def stocked(store: Store) -> None:
    store.create(account(username="ada0"))
    store.create(account("bob", username="bob"))
    for number in range(3):
        store.open(session(f"phone {number}"))
        before = store.known(ADA)
        after = replace(before, username=f"ada{number + 1}", username_changes=(NOW,) * (number + 1))
        assert store.own.set_username(before, after, changed(ADA, ChangeKind.USERNAME_CHANGED))
    store.open(session("bob's", user="bob"))
    store.sessions.end([session("phone 0")], EndReason.SIGNED_OUT, NOW)
    store.profiles.put_profile(ADA, Profile(TEXT), NOW, before=None)


def pages(store: Store, section: Section, limit: int) -> list[ExportedItem]:
    found: list[ExportedItem] = []
    items, after = store.data.exported(ADA, section, limit=limit, after=None)
    while after is not None:
        assert len(items) <= limit
        found += items
        items, after = store.data.exported(ADA, section, limit=limit, after=after)
    return [*found, *items]


def test_account_and_profile_are_exported_at_once(store: Store) -> None:
    stocked(store)
    mine, profile = store.data.exported_account(store.known(ADA))
    assert (mine.kind, mine.attributes["email"], mine.attributes["username"]) == ("account", EMAIL, "ada3")
    assert mine.attributes["username_changes"] == [NOW] * 3
    assert profile == ExportedItem("profile", {"updated_at": NOW}, TEXT)
    assert len(store.data.exported_account(store.known(id_of("bob")))) == 1


def test_every_section_has_all_items_of_one_person_whatever_the_page(store: Store) -> None:
    stocked(store)
    for section, count in (
        (Section.FORMER_NAMES, 3),
        (Section.SESSIONS, 2),
        (Section.DEVICES, 3),
        (Section.ENDED_SESSIONS, 1),
        (Section.CHANGES, 4),
    ):
        whole = pages(store, section, 100)
        assert len(whole) == count
        assert {one.kind for one in whole} == {section.value}
        for limit in (1, 2, 3):
            assert pages(store, section, limit) == whole
    assert {one.attributes["actor"] for one in pages(store, Section.CHANGES, 9)} == {ACTOR}
    former = pages(store, Section.FORMER_NAMES, 9)
    assert {one.attributes["username"] for one in former} == {"ada0", "ada1", "ada2"}
    assert {one.attributes["session_id"] for one in pages(store, Section.SESSIONS, 9)} == store.live(ADA)


def test_the_fake_and_the_table_export_the_same(store: Store) -> None:
    stocked(store)
    sections = [pages(store, one, 9) for one in Section if one is not Section.ACCOUNT]
    names = [" ".join(sorted(set().union(*(one.attributes for one in items)))) for items in sections]
    assert names == [
        "reserved_until username",
        (
            "address client_id country created_at epoch expires_at generation idle_expires_at last_used_at "
            "rotated_at session_id user_agent"
        ),
        "created_at epoch failures last_attempt_at last_used_at",
        "",
        "address client_id country created_at ended_at reason session_id user_agent",
        "actor at change_id event",
    ]
