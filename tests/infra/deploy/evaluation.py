"""What CloudFormation would do about a template: which properties differ, and which mean a new resource.

Whether they do is taken from CloudFormation's own resource schemas, as cfn-lint carries them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform

from infra.cloudformation import Evaluator, parameter_defaults

# Looked for rather than imported, which takes seconds.
_SCHEMAS = Path(str(getattr(find_spec("cfnlint"), "origin", ""))).parent / "data" / "schemas"


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class Difference:
    """A property that would change."""

    name: str
    replacement: str


def transformed(document: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Apply AWS's own transform for serverless applications, which runs inside CloudFormation."""
    copy = json.loads(json.dumps(document))
    result: dict[str, Any] = transform(copy, dict(parameters), _NoManagedPolicies())
    return result


@cache
def schema(kind: str, region: str = "us-east-1") -> dict[str, Any]:
    """Return CloudFormation's schema of a type of resource."""
    by_type = json.loads((_SCHEMAS / "providers" / f"{region}.json").read_text())
    found: dict[str, Any] = json.loads((_SCHEMAS / "resources" / f"{by_type[kind]}.json").read_text())
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Return how the properties of one resource differ."""
    kind, before, after = new["Type"], old.get("Properties", {}), new.get("Properties", {})
    return [
        Difference(name, _replacement(kind, name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def resolved(document: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the resources that there would be, evaluated; what only AWS knows is named, not looked up."""
    values = parameter_defaults(document) | {name: str(value) for name, value in parameters.items()}
    evaluator = Evaluator(document, lambda name: values.get(name, name), "{}.{}".format)
    resources: dict[str, dict[str, Any]] = evaluator.resolve(evaluator.present("Resources"))
    return resources


def _replacement(kind: str, name: str) -> str:
    pointer, known = f"/properties/{name}", schema(kind)
    if pointer in known.get("createOnlyProperties", []):
        return "True"
    return "Conditional" if pointer in known.get("conditionalCreateOnlyProperties", []) else "False"
