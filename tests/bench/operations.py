"""The operations of Gatehouse, run one at a time behind a recording proxy."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench.bench import (
    API,
    AUTHORIZER,
    Tree,
    bearer_event,
    body_of,
    form_event,
    me_event,
    refresh_event,
    sign_in_event,
)
from tests.bench.measure import NotMeasuredError
from tests.bench.processes import Worker
from tests.bench.programs.stack import PASSWORD
from tests.bench.proxy import DELAY_SECONDS, Call, Recorder, recording
from tests.infra.lambda_runtime import events


@dataclass(frozen=True)
class Recorded:
    """What one operation asked of AWS: round trips in sequence, and every call."""

    round_trips: int
    secret_reads: int
    calls: list[Call]

    @property
    def items_read(self) -> int:
        """Items that DynamoDB returned."""
        return sum(_items(call.answer) for call in self.calls)

    @property
    def bytes(self) -> tuple[int, int]:
        """Bytes of the bodies sent and received."""
        return sum(one.bytes_sent for one in self.calls), sum(one.bytes_received for one in self.calls)

    def keys(self, *, written: bool) -> set[tuple[str, str]]:
        """Return the keys of all items that were written, or only read."""
        return {key for call in self.calls for key in _keys(call) if _writes(call) == written}


class Operations:
    """Warm functions whose calls are recorded, and one account's session. Each method is one operation."""

    def __init__(self, tree: Tree, worker: Worker, recorder: Recorder, number: int) -> None:
        self._worker = worker
        self._recorder = recorder
        self._number = number
        self.who = tree.sign_in(worker, number)
        worker.run("keep_token", token=self.who.refresh_token)

    def authorize(self) -> None:
        """Have the authorizer decide."""
        self._allow(bearer_event(self.who.access_token))

    def sign_in(self) -> None:
        """Sign in with the right password."""
        body_of(self._api(sign_in_event(self._number)))

    def fail(self) -> None:
        """Sign in with a wrong password."""
        assert (
            self._api(events.sign_in(f"hot{self._number}@example.com", "wrong " + PASSWORD))["statusCode"]
            == 400
        )

    def refresh(self) -> None:
        """Refresh with the newest token."""
        self._worker.run("refresh", handler=API, event=refresh_event())

    def me(self) -> None:
        """Read the own account."""
        body_of(self._api(me_event(self.who.context)))

    def revoke(self) -> None:
        """Sign out. Sign in before: a session can be revoked once."""
        token = self._spare.pop()
        assert self._api(form_event("/oauth/revoke", f"token={token}"))["statusCode"] == 200

    def prepare_revoke(self, times: int = 1) -> None:
        """Sign in as often as `revoke` will be called."""
        answers = [self._api(sign_in_event(self._number)) for _ in range(times)]
        self._spare = [body_of(answer)["refresh_token"] for answer in answers]

    def prepare_key(self) -> None:
        """Create an API key. Raises NotMeasuredError where this version has none."""
        event = events.proxied(
            "POST",
            "/me/api-keys",
            body=json.dumps({"name": "bench", "current_password": PASSWORD}),
            headers={"Content-Type": "application/json"},
            authorizer=events.handed_on(self.who.context),
        )
        answer = self._api(event)
        if answer["statusCode"] != 201:
            raise NotMeasuredError("this version has no API keys")
        key = json.loads(answer["body"])
        self._key = base64.b64encode(f"{key['id']}:{key['secret']}".encode()).decode()

    def key(self) -> None:
        """Have the authorizer decide on an API key."""
        self._allow(events.authorization(f"Basic {self._key}"))

    def record(self, operation: Callable[[], None]) -> Recorded:
        """Run an operation and return what it asked of AWS."""
        self._recorder.clear()
        operation()
        secrets = sum(call.service == "secretsmanager" for call in self._recorder.calls)
        return Recorded(self._recorder.in_sequence("dynamodb"), secrets, list(self._recorder.calls))

    def _api(self, event: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._worker.run("invoke", handler=API, event=event).value
        return answer

    def _allow(self, event: dict[str, str]) -> None:
        answer = self._worker.run("invoke", handler=AUTHORIZER, event=event).value
        assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow", answer


@contextmanager
def recorded_operations(tree: Tree, number: int, delay: float = DELAY_SECONDS) -> Iterator[Operations]:
    """Start a warm process of both functions whose AWS is behind a proxy."""
    with (
        recording(tree.environment["AWS_ENDPOINT_URL"], delay) as recorder,
        tree.worker(API, AWS_ENDPOINT_URL=recorder.url) as worker,
    ):
        for handler in (API, AUTHORIZER):
            worker.run("load", handler=handler)
        yield Operations(tree, worker, recorder, number)


def _items(answer: dict[str, Any]) -> int:
    batched = sum(len(items) for items in answer.get("Responses", {}).values())
    return int(batched) + len(answer.get("Items", ())) + ("Item" in answer)


def _writes(call: Call) -> bool:
    return call.operation in {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


def _keys(call: Call) -> Iterator[tuple[str, str]]:
    for one in _dicts(call.request):
        if "pk" in one and isinstance(one["pk"], dict):
            yield one["pk"]["S"], one.get("sk", {}).get("S", "")
    if call.operation == "Query":
        yield next(value["S"] for value in call.request["ExpressionAttributeValues"].values()), ""


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _dicts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _dicts(inner)
