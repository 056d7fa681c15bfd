"""What an export contains, over dictionaries: rendered by the adapter's own list of attributes."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.adapters.dynamodb.api_keys.items import api_key_item
from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.devices import device_item
from chalicelib.adapters.dynamodb.items import Item, account_item, ended_item, number, session_item
from chalicelib.adapters.dynamodb.own_account.export import exported_item
from chalicelib.adapters.dynamodb.own_account.former_names import former_name_item
from chalicelib.adapters.dynamodb.own_account.profiles import profile_item
from chalicelib.adapters.mail.dynamodb_store import address_key
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.export import ExportedItem, Section
from chalicelib.domain.secret import Secret
from chalicelib.domain.sign_in.device_keys import DeviceKey, KnownDevice
from tests.fake_mail import FakeUndeliverableAddresses
from tests.fake_outage import remote
from tests.fake_own_changes import FakeOwnChanges


class FakePersonalData(FakeOwnChanges):
    """Serves `PersonalData`."""

    def __init__(self) -> None:
        super().__init__()
        self.undeliverable = FakeUndeliverableAddresses()

    @remote
    def exported_account(self, account: Account) -> list[ExportedItem]:
        """Return what there is once."""
        stored, user_id = self.accounts.get(account.user_id), account.user_id
        items = [account_item(stored)] if stored else []
        if user_id in self.profiles:
            items.append(profile_item(user_id, self.profiles[user_id], self.profile_times[user_id]))
        name = SignInName.of(account.email)
        if name in self.undeliverable.reported:
            report, at = self.undeliverable.reported[name]
            mark: Item = {"reason": {"S": report.value}, "reported_at": number(at)}
            items.append(address_key(name) | mark)
        return [exported_item(one) for one in items]

    @remote
    def exported(
        self, user_id: str, section: Section, *, limit: int, after: str | None
    ) -> tuple[list[ExportedItem], str | None]:
        """Return a part of a section."""
        mine = {item["sk"]["S"]: item for item in self._items(user_id, section)}
        keys = sorted((one for one in mine if after is None or one < after), reverse=True)
        page = keys[:limit]
        return [exported_item(mine[one]) for one in page], page[-1] if len(keys) >= limit else None

    def _items(self, user_id: str, section: Section) -> Iterator[Item]:
        if section is Section.FORMER_NAMES:
            for (owner, _), (username, until) in self.former.items():
                if owner == user_id:
                    yield former_name_item(user_id, username, until)
        elif section is Section.SESSIONS:
            yield from (session_item(one, 30) for one in self._stored(user_id))
        elif section is Section.DEVICES:
            yield from map(_device_item, self.devices_of(user_id))
        elif section is Section.API_KEYS:
            yield from map(api_key_item, self._keys_of(user_id))
        elif section is Section.ENDED_SESSIONS:
            yield from (ended_item(one, 30) for one in self.past.values() if one.user_id == user_id)
        elif section is Section.CHANGES:
            yield from (change_item(one) for one in self.recorded if one.user_id == user_id)


def _device_item(device: KnownDevice) -> Item:
    key = DeviceKey(device.user_id, Secret(b""))
    return device_item(key, device.epoch, device.created_at) | {
        "sk": {"S": f"DEVICE#{device.digest}"},
        "last_used_at": number(device.last_used_at),
        "failures": number(device.failures),
        "last_attempt_at": number(device.last_attempt_at),
    }
