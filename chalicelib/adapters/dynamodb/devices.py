"""Known devices in DynamoDB, keyed by the digest of their device key, each with its own failed sign-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import Item, integer, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sign_in.attempts import DeviceCharge
from chalicelib.domain.sign_in.device_keys import DeviceKey, KnownDevice
from chalicelib.domain.sign_in.limits import DEVICE_FAILURES, SignInLimits, device_wait

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef


def devices_partition(user_id: str) -> str:
    """Return the partition of a user's known devices."""
    return f"DEVICES#{user_id}"


def device_key_of(user_id: str, digest: str) -> Item:
    """Return the key of a known device."""
    return {"pk": {"S": devices_partition(user_id)}, "sk": {"S": f"DEVICE#{digest}"}}


def device_item(key: DeviceKey, epoch: int, now: int) -> Item:
    """Return the item of a new device, at its first sign-in."""
    return device_key_of(key.user_id, key.digest()) | {
        "user_id": {"S": key.user_id},
        "digest": {"S": key.digest()},
        "epoch": number(epoch),
        "created_at": number(now),
        "last_used_at": number(now),
        "failures": number(0),
        "last_attempt_at": number(now),
    }


def device_of(item: Item) -> KnownDevice:
    """Read a known device."""
    return KnownDevice(
        user_id=item["user_id"]["S"],
        digest=item["digest"]["S"],
        epoch=integer(item, "epoch"),
        created_at=integer(item, "created_at"),
        last_used_at=integer(item, "last_used_at"),
        failures=integer(item, "failures"),
        last_attempt_at=integer(item, "last_attempt_at"),
    )


def charge_device(table: Table, device: KnownDevice, now: int, limits: SignInLimits) -> DeviceCharge | None:
    """Count one attempt of a device. Return None if the device is no longer known.

    Raises TooManyAttempts, without counting, if the device has to wait; and Unavailable.
    """
    is_charged, item = table.update_or_old(
        {
            "TableName": table.name,
            "Key": device_key_of(device.user_id, device.digest),
            "UpdateExpression": "SET failures = failures + :one, last_attempt_at = :now",
            "ConditionExpression": "attribute_exists(pk) "
            "AND (failures < :free OR last_attempt_at <= :waited)",
            "ExpressionAttributeValues": {
                ":one": number(1),
                ":now": number(now),
                ":free": number(DEVICE_FAILURES),
                ":waited": number(now - limits.device_wait_seconds),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    )
    if is_charged:
        return DeviceCharge(device.user_id, device.digest)
    if item is None:
        return None
    stored = device_of(item)
    seconds = device_wait(stored.failures, stored.last_attempt_at, now, limits)
    raise TooManyAttempts(max(1, seconds), user_id=device.user_id)


def cleared(table: Table, charge: DeviceCharge, now: int | None = None) -> UpdateTypeDef:
    """Return the update after a correct password: no failures, and last used at `now`, if given."""
    values: Item = {":zero": number(0)} | ({":now": number(now)} if now is not None else {})
    return {
        "TableName": table.name,
        "Key": device_key_of(charge.user_id, charge.digest),
        "UpdateExpression": "SET failures = :zero" + (", last_used_at = :now" if now is not None else ""),
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": values,
    }
