"""A stage whose operator changes the signing algorithm."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.tokens.public_keys import published_keys
from chalicelib.domain.tokens.signing_keys import SigningKey
from chalicelib.oauth.access_tokens import TokenResponse
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import account, claims_of, sign_in
from tests.oauth.forge import parts

DAY = 86_400
LEAD = DAY + 60 + 60
"""A day, the cache of keys, and the leeway of clocks."""


class Stage:
    """One table and one secret, and an operator who changes the setting."""

    def __init__(self, algorithm: str) -> None:
        self.services: FakeServices = fake_services(signing_algorithm=algorithm)
        self.adapters = self.services.adapters
        self.count = 0
        account(self.services)

    def set(self, algorithm: str) -> None:
        settings = replace(self.services.settings, signing_algorithm=algorithm)
        self.services = FakeServices(settings, self.adapters)

    def rotate(self, *, early: bool = False, after: int = 0) -> bool:
        """Rotate `after` so many seconds; tell whether the signing key was kept."""
        self.adapters.clock.advance(after)
        self.count += 1
        version = f"{self.count:08}-1111-4111-8111-111111111111"
        kept = self.services.key_rotation.create_secret(version, early=early)
        self.services.key_rotation.test_secret(version)
        self.services.key_rotation.finish_secret(version)
        assert self.current.version_id == version
        return kept

    @property
    def current(self) -> SigningKey:
        return self.adapters.keys.current().current

    @property
    def published(self) -> list[str]:
        """Return the ids of the published keys."""
        keys = published_keys(self.adapters.keys.published(), self.adapters.clock.now)
        assert not any(set(one) & {"d", "p", "q", "k"} for one in keys)
        return [one["kid"] for one in keys]

    def sign_in(self) -> TokenResponse:
        return sign_in(self.services)

    def verifies(self, *answers: TokenResponse) -> None:
        for answer in answers:
            claims_of(self.services, answer)


def said(answer: TokenResponse) -> tuple[str, str]:
    header = parts(answer.access_token)[0]
    return header["alg"], header["kid"]
