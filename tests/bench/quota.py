"""A CPU quota as Lambda applies one: memory / 1769 of a vCPU, by a control group of Linux."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FULL_VCPU_MB = 1769
"""At this memory a function has one vCPU (AWS Lambda, *Configure Lambda function memory*)."""
PERIOD_MICROSECONDS = 20_000
"""Lambda's scheduling period is not documented; 20 ms is what others have measured."""
_V1, _V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Quota:
    """A control group in which processes get `share` of one vCPU. `version` is that of the interface."""

    folder: Path
    version: int

    def set_share(self, share: float) -> None:
        """Set the share of one vCPU."""
        quota = round(PERIOD_MICROSECONDS * share)
        if self.version == 1:
            (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (self.folder / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (self.folder / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")

    def add(self, pid: int) -> None:
        """Move a process, with all its threads, into the group."""
        (self.folder / "cgroup.procs").write_text(str(pid))


@contextmanager
def cpu_quota() -> Iterator[Quota | None]:
    """Make a control group while the context lasts; None where this machine does not allow one."""
    quota = _make()
    try:
        yield quota
    finally:
        if quota:
            quota.folder.rmdir()


def share_of(memory_mb: int) -> float:
    """Return the share of one vCPU that a single-threaded function of this memory gets."""
    return min(1.0, memory_mb / FULL_VCPU_MB)


def _make() -> Quota | None:
    name = f"gatehouse-bench-{os.getpid()}"
    for parent, version, needed in ((_V1, 1, "cpu.cfs_quota_us"), (_V2, 2, "cpu.max")):
        folder = parent / name
        # A version 2 hierarchy has this file; a tmpfs in its place would take any folder.
        if version == 2 and not (parent / "cgroup.controllers").exists():
            continue
        try:
            folder.mkdir()
        except OSError:
            continue
        quota = Quota(folder, version)
        try:
            assert (folder / needed).exists()
            quota.set_share(1.0)
        except (AssertionError, OSError):
            folder.rmdir()
            continue
        return quota
    return None
