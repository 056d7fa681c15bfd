"""Keep the items of all tables and the values of all secrets over a restart (`KEEP=1 make run`)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

Clients = Callable[[str], Any]
_BATCH = 25
"""Items that DynamoDB takes in one request."""
_BYTES = "$bytes"
_CURRENT, _PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


def save(clients: Clients, file: Path) -> None:
    """Write the state to `file`, which only its owner may read. Raises OSError, and what botocore raises."""
    with closing(clients("dynamodb")) as dynamodb, closing(clients("secretsmanager")) as manager:
        state = {"tables": dict(_tables(dynamodb)), "secrets": dict(_secrets(manager))}
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state, default=_encoded), encoding="utf-8")
    draft.replace(file)


def restore(clients: Clients, file: Path) -> list[str]:
    """Write the saved state to the tables and secrets that exist; return a message for each discarded table.

    A file that is missing is an empty state. Raises OSError, ValueError, and what botocore raises.
    """
    if not file.exists():
        return []
    state = json.loads(file.read_text(encoding="utf-8"), object_hook=_decoded)
    with closing(clients("dynamodb")) as dynamodb, closing(clients("secretsmanager")) as manager:
        existing = set(_table_names(dynamodb))
        for name, items in state["tables"].items():
            if name in existing:
                _write(dynamodb, name, items)
        for name, versions in state["secrets"].items():
            _put(manager, name, versions)
    return [
        f"The table {name} no longer exists; its items were discarded."
        for name in state["tables"].keys() - existing
    ]


def _table_names(dynamodb: Any) -> Iterator[str]:
    for page in dynamodb.get_paginator("list_tables").paginate():
        yield from page["TableNames"]


def _tables(dynamodb: Any) -> Iterator[tuple[str, list[Any]]]:
    for name in _table_names(dynamodb):
        pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        yield name, [item for page in pages for item in page["Items"]]


def _write(dynamodb: Any, name: str, items: list[Any]) -> None:
    for start in range(0, len(items), _BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _BATCH]]
        dynamodb.batch_write_item(RequestItems={name: puts})


def _secrets(manager: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each secret with the versions that have a label, the current one last."""
    for secret in manager.list_secrets()["SecretList"]:
        labels: Mapping[str, list[str]] = secret.get("SecretVersionsToStages", {})
        labeled = sorted((one for one in labels if labels[one]), key=lambda one: _CURRENT in labels[one])
        yield secret["Name"], [_version(manager, secret["Name"], one, labels[one]) for one in labeled]


def _version(manager: Any, name: str, version: str, labels: list[str]) -> dict[str, Any]:
    value = manager.get_secret_value(SecretId=name, VersionId=version)
    return {"id": version, "value": value["SecretString"], "labels": labels}


def _put(manager: Any, name: str, versions: list[dict[str, Any]]) -> None:
    """Write versions under their own ids, which tokens name.

    Each becomes AWSCURRENT in turn, so that its predecessor gets AWSPREVIOUS.
    """
    for one in versions:
        if {_CURRENT, _PREVIOUS} & set(one["labels"]):
            manager.put_secret_value(SecretId=name, SecretString=one["value"], ClientRequestToken=one["id"])


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be kept.")


def _decoded(value: dict[str, Any]) -> Any:
    return base64.b64decode(value[_BYTES]) if value.keys() == {_BYTES} else value
