"""The desired state of a stack: template, parameters and tags, with their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.deploy.stack import State
from infra.template.build import Document, as_text

_DIGEST_CHARACTERS = 12


@dataclass(frozen=True)
class Release:
    """A template with a value for each of its parameters, but for those that the deploy itself sets."""

    document: Document
    values: Mapping[str, str]
    tags: Mapping[str, str]
    digest: str

    def runs_as(self, state: State) -> bool:
        """Tell whether the stack already is this release."""
        return state.outputs.get("Release") == self.digest


def release_of(
    document: Document,
    values: Mapping[str, str],
    tags: Mapping[str, str],
    package: str = "",
    translate: Callable[[Document, str], Document] = lambda document, _: document,
) -> Release:
    """Return a release with the digest among its outputs.

    `package` is the digest of the code. `translate` returns the final template from the template and digest.
    """
    text = json.dumps([as_text(document), dict(values), dict(tags), package], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    final = translate(document, digest)
    outputs = {**final["Outputs"], "Release": {"Description": "Digest of this stack.", "Value": digest}}
    return Release({**final, "Outputs": outputs}, values, tags, digest)
