"""The first signing key of the local stack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.domain.tokens.signing_keys import HS256
from chalicelib.oauth.key_rotation import CURRENT, PREVIOUS
from chalicelib.oauth.key_succession import KEY_ID_BYTES

if TYPE_CHECKING:
    from chalicelib.services import Services


def sign_with_the_algorithm_of_the_setting(services: Services) -> None:
    """Replace the HMAC key that the template makes, if `SIGNING_ALGORITHM` is another.

    A deployed stage changes its algorithm by two rotations, which keep tokens valid. Here none exists yet.
    """
    if services.settings.signing_algorithm == HS256:
        return
    # Its own services: tests replace ports of the given ones before these are used.
    rotation, adapters = replace(services).key_rotation, services.adapters
    first = rotation.current()
    version = adapters.entropy(KEY_ID_BYTES).hex()
    key = rotation.succession.without_predecessor(version, first.epoch, adapters.clock())
    adapters.key_versions.add(key, label=CURRENT)
    adapters.key_versions.remove_label(first.version_id, PREVIOUS)
