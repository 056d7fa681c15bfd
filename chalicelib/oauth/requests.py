"""Requests as the use cases receive them, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.domain.sessions.session import Device


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token or revocation endpoint. `repr` omits the fields that contain credentials."""

    parameters: Mapping[str, str] = field(repr=False)
    issuer: str
    audience: str
    authorization: str = field(default="", repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    device: Device = field(default_factory=Device)
