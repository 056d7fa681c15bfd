"""A client, a network, a clock and a thief around the pure rules of refresh tokens.

A `Scene` is one moment. Two scenes are equal when nothing that can happen next tells them apart: the bytes
of the tokens, fresh in every branch, do not count, and neither does how the scene came about. `moves` are
the scenes that may follow. Whatever the rules decide is held against `rule`, which knows generations,
windows and keys, and no cryptography.

A message that is never delivered is a lost one, so there is no move for losing.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.refresh_tokens import (
    Exchange,
    Family,
    RefreshSecret,
    RefreshToken,
    Replay,
    Reuse,
    decide,
    start,
)

USER, SESSION = "0f" * 16, "5e" * 16
WINDOW = 10
THIEFS_KEY = "the thief's own key"
_serial = itertools.count()


def nonce() -> bytes:
    """Bytes that were never used before, in a run that can be repeated."""
    return hashlib.sha256(b"nonce %d" % next(_serial)).digest()


@dataclass(frozen=True, slots=True)
class Budget:
    """How often each of these may happen."""

    sends: int = 4
    doubled_requests: int = 1
    waits: int = 1
    copies: int = 0
    thefts: int = 0
    generations: int = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """Server, client, network, clock and thief at one moment. Requests are (operation, generation)."""

    left: Budget
    keyed: bool
    requests_overtake: bool
    # the server
    generation: int = 0
    inside_window: bool = True
    first_key: str | None = None
    ended: bool = False
    # the client
    held: int = 0
    operation: int = 0
    waiting: bool = False
    signed_out: bool = False
    # the network and the thief
    requests: tuple[tuple[int, int], ...] = ()
    answers: tuple[tuple[int, int | None], ...] = ()
    loot: tuple[tuple[int, str | None], ...] = ()
    # what no later move depends on
    now: int = field(default=0, compare=False, repr=False)
    family: Family | None = field(default=None, compare=False, repr=False)
    tokens: tuple[str, ...] = field(default=(), compare=False, repr=False)
    trace: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def key(self, operation: int) -> str | None:
        return f"key of operation {operation}" if self.keyed else None

    @property
    def stored_key(self) -> str | None:
        """The key that lies beside the token which the client holds, from its arrival on."""
        return self.key(self.operation if self.waiting else self.operation + 1)


def opening(left: Budget, *, keyed: bool, requests_overtake: bool = False) -> Scene:
    """The client has just signed in."""
    first = RefreshSecret(nonce())
    family = start(first, Secret(nonce()))
    token = family.token(USER, SESSION, first).serialize()
    return Scene(left, keyed, requests_overtake, family=family, tokens=(token,))


def rule(scene: Scene, generation: int, key: str | None) -> type[Exchange | Replay | Reuse]:
    """What the contract says of presenting the token of a generation with a key."""
    if generation == scene.generation:
        return Exchange
    if generation == scene.generation - 1:
        in_time = key is not None or scene.inside_window
        return Replay if key == scene.first_key and in_time else Reuse
    return Reuse


def present(scene: Scene, generation: int, key: str | None) -> tuple[Scene, int | None]:
    """Present a token: what the server is then, and the generation that it answers with (None: refused)."""
    if scene.ended or scene.family is None:
        return scene, None
    said = decide(
        scene.family,
        RefreshToken.parse(scene.tokens[generation]),
        now=scene.now,
        retry_window=WINDOW,
        idempotency_key=key,
        nonce=nonce(),
    )
    assert type(said) is rule(scene, generation, key), (said, scene.trace)
    if isinstance(said, Exchange):
        token = said.family.token(USER, SESSION, said.secret).serialize()
        assert token not in scene.tokens
        after = replace(
            scene,
            family=said.family,
            tokens=(*scene.tokens, token),
            generation=scene.generation + 1,
            inside_window=True,
            first_key=key,
        )
        return after, after.generation
    if isinstance(said, Replay):
        token = scene.family.token(USER, SESSION, said.secret).serialize()
        assert token == scene.tokens[scene.generation], ("not the same bytes", scene.trace)
        return scene, scene.generation
    return replace(scene, ended=True, family=None), None


def moves(scene: Scene) -> Iterator[Scene]:
    """All that may happen next."""
    yield from _client(scene)
    yield from _network(scene)
    yield from _clock(scene)
    yield from _thief(scene)


def _spend(scene: Scene, what: str, **changes: Any) -> Scene:
    left = replace(scene.left, **{what: getattr(scene.left, what) - 1})
    return replace(scene, left=left, trace=(*scene.trace, what), **changes)


def _client(scene: Scene) -> Iterator[Scene]:
    """It sends its token, or while it waits for an answer sends it again with the same key."""
    if scene.signed_out or not scene.left.sends or scene.held >= scene.left.generations:
        return
    operation = scene.operation if scene.waiting else scene.operation + 1
    requests = tuple(sorted([*scene.requests, (operation, scene.held)]))
    yield _spend(scene, "sends", operation=operation, waiting=True, requests=requests)


def _network(scene: Scene) -> Iterator[Scene]:
    """A request reaches the server, perhaps not for the last time, or an answer the client."""
    for request in dict.fromkeys(scene.requests):
        arrived = _arrive(scene, request)
        yield replace(arrived, requests=_without(arrived.requests, request))
        if scene.left.doubled_requests:
            yield _spend(arrived, "doubled_requests")
    for answer in dict.fromkeys(scene.answers):
        yield _hear(scene, *answer)


def _arrive(scene: Scene, request: tuple[int, int]) -> Scene:
    operation, generation = request
    after, answered = present(scene, generation, scene.key(operation))
    if answered is None and not scene.ended:
        check_loss(scene, generation, operation)
    requests = scene.requests
    if not scene.requests_overtake:
        requests = tuple(one for one in requests if one[0] >= operation)
    trace = (*scene.trace, f"request {operation} arrives")
    return replace(after, requests=requests, answers=_sent(scene, operation, answered), trace=trace)


def _sent(scene: Scene, operation: int, answered: int | None) -> tuple[tuple[int, int | None], ...]:
    """One more answer under way, unless the client waits for it no more and so is deaf to it."""
    if not scene.waiting or operation != scene.operation:
        return scene.answers
    return tuple(sorted([*scene.answers, (operation, answered)], key=str))


def check_loss(scene: Scene, generation: int, operation: int) -> None:
    """A client that sends the key loses its session to a thief, or to a request that its own use overtook."""
    overtaken = scene.generation - generation >= 2 and scene.requests_overtake
    out_of_time = scene.key(operation) is None and not scene.inside_window
    assert scene.loot or overtaken or out_of_time, ("session lost", scene.trace)


def _hear(scene: Scene, operation: int, answered: int | None) -> Scene:
    """The client takes the answer that it waits for, and is deaf to whatever else is said of it."""
    trace = (*scene.trace, f"answer {operation} arrives")
    if answered is None:
        return replace(scene, waiting=False, signed_out=True, answers=(), trace=trace)
    return replace(scene, waiting=False, held=answered, answers=(), trace=trace)


def _clock(scene: Scene) -> Iterator[Scene]:
    if scene.left.waits:
        yield _spend(scene, "waits", now=scene.now + WINDOW + 1, inside_window=scene.generation == 0)


def _thief(scene: Scene) -> Iterator[Scene]:
    """It copies what the client holds, and presents what it has: with that key, with its own, or without."""
    if scene.left.copies:
        copied = (scene.held, scene.stored_key)
        if copied not in scene.loot:
            yield _spend(scene, "copies", loot=tuple(sorted([*scene.loot, copied], key=str)))
    for generation, copied_key in scene.loot if scene.left.thefts else ():
        for key in {None, copied_key, THIEFS_KEY} if generation < scene.left.generations else ():
            after, answered = present(scene, generation, key)
            gained = {*scene.loot, *([] if answered is None else [(answered, None)])}
            yield _spend(after, "thefts", loot=tuple(sorted(gained, key=str)))


def _without(messages: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    at = messages.index(one)
    return messages[:at] + messages[at + 1 :]
