"""Random steps of devices, network, attacker and operator, from one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.network.devices import Device, Thief
from tests.network.ledger import DAY, Cause, Ledger
from tests.network.network import FaultRates, Network
from tests.network.servers import Server

_SPANS = {
    (1, 9): 300,
    (10, 120): 260,
    (600, 3700): 400,
    (DAY, 5 * DAY): 35,
    (31 * DAY, 31 * DAY): 4,
    (91 * DAY, 91 * DAY): 1,
}
"""Seconds by which the clock advances, with weights. The last two exceed the idle and the absolute life."""


class Simulation:
    """Reference clients, and clients without a key for comparison."""

    def __init__(self, server: Server, seed: int, rates: FaultRates | None = None) -> None:
        self._server, self._seed = server, seed
        self._chance = Random(seed)  # noqa: S311 - a run must be repeatable
        self.ledger = Ledger(server)
        self._network = Network(server, self.ledger, self._chance, rates or FaultRates())
        self._thief = Thief(self._network, self._chance)
        self._network.rival = self._thief.use
        self.reference = self._devices("with-key", users=6)
        self.keyless = self._devices("without-key", users=2)
        self._steps: list[tuple[Callable[[], None], int]] = [
            (self._use, 6400),
            (self._pass_time, 2200),
            (self._steal, 300),
            (self._thief.use, 400),
            (self._arm_crash, 300),
            (self._rotate_key, 100),
            (self._sign_out, 80),
            (self._sign_out_elsewhere, 50),
            (server.sweep, 50),
            (self._breach, 4),
        ]

    def run(self, steps: int) -> None:
        """Take so many steps. Raises AssertionError with seed and step if a rule is violated."""
        actions, weights = zip(*self._steps, strict=True)
        for step in range(steps):
            try:
                self._chance.choices(actions, weights)[0]()
            except BaseException as error:
                error.add_note(f"seed {self._seed}, step {step}")
                raise
        self.ledger.counts["steps"] += steps

    def losses(self, devices: list[Device]) -> Counter[Cause]:
        """Return the number of sessions that these devices lost, by cause."""
        return sum((device.losses for device in devices), Counter[Cause]())

    def report(self) -> str:
        """Return the counts, and the losses of both kinds of client."""
        lines = [f"{count:>9,}  {name}" for name, count in sorted(self.ledger.counts.items())]
        for name, devices in (("reference client", self.reference), ("client without key", self.keyless)):
            losses = self.losses(devices)
            told = ", ".join(f"{losses[cause]} by {cause}" for cause in Cause)
            lines.append(f"           {name} ({len(devices)} devices) lost {told}")
        return "\n".join(lines)

    def _devices(self, kind: str, users: int) -> list[Device]:
        emails = [f"{kind}-{number}@example.com" for number in range(users)]
        for email in emails:
            self._server.create_account(email)
        return [
            Device(
                email,
                self._server,
                self._network,
                self.ledger,
                self._chance,
                sends_key=kind == "with-key",
            )
            for email in emails * 2
        ]

    def _any_device(self) -> Device:
        return self._chance.choice(self.reference + self.keyless)

    def _use(self) -> None:
        self._any_device().use()

    def _pass_time(self) -> None:
        span = self._chance.choices(list(_SPANS), list(_SPANS.values()))[0]
        self._network.pass_time(self._chance.randint(*span))

    def _steal(self) -> None:
        self._thief.copy(self._any_device())

    def _arm_crash(self) -> None:
        self._server.faults.crash_next = True

    def _rotate_key(self) -> None:
        self._server.rotate_key()

    def _sign_out(self) -> None:
        self._any_device().sign_out()

    def _sign_out_elsewhere(self) -> None:
        device = self._any_device()
        device.sign_out_elsewhere(self._chance.choice([device, self._any_device()]))

    def _breach(self) -> None:
        self._server.breach()
        self.ledger.breach()
