"""What a use case is told about the request, so that none of them sees HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.domain.sessions.session import Device


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token or revocation endpoint. `repr` is resolve_scope: parameters are credentials."""

    parameters: Mapping[str, str] = field(repr=False)
    issuer: str
    audience: str
    authorization: str = field(default="", repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    device: Device = field(default_factory=Device)
