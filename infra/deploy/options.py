"""The options of a deploy, and what it needs from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.deploy.packaging.build import Package, build
from infra.template.build import Document, service_template
from infra.verify.look import Deployed, look

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class DeployOptions:
    """What is to be deployed, and how."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    smoke_profile: str | None = None
    dry_run: bool = False
    rollback: bool = False
    yes: bool = False
    check: bool = True


@dataclass(frozen=True)
class DeployTools:
    """What a deploy needs from outside: time, the source, and a check of what has been deployed."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    template: Callable[[Path, str], Document] = service_template
    package: Callable[..., Package] = build
    look: Callable[[Deployed, str | None], bool] = look
