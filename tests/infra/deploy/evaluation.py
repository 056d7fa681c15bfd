"""Computes a change set: which properties differ, and which of them replace the resource.

Whether they do is taken from CloudFormation's own resource schemas, as cfn-lint carries them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from moto.cloudformation.models import Change, ChangeSet

from infra.cloudformation import Evaluator, parameter_defaults
from tests.infra.deploy.moto_types import is_there

# Found without an import, which would take seconds.
_SCHEMAS = Path(str(getattr(find_spec("cfnlint"), "origin", ""))).parent / "data" / "schemas"


@cache
def schema(kind: str, region: str = "us-east-1") -> dict[str, Any]:
    """Return CloudFormation's schema of a type of resource."""
    by_type = json.loads((_SCHEMAS / "providers" / f"{region}.json").read_text())
    found: dict[str, Any] = json.loads((_SCHEMAS / "resources" / f"{by_type[kind]}.json").read_text())
    return found


class DetailedChange(Change):
    """A change with the details that CloudFormation gives."""

    def __init__(self, action: str, name: str, kind: str, old: Any, new: Any) -> None:
        super().__init__(action, name, kind)
        before, after = ((one or {}).get("Properties", {}) for one in (old, new))
        different = [one for one in sorted({*before, *after}) if before.get(one) != after.get(one)]
        found = different if action == "Modify" else []
        verdicts = [_replacement(kind, one) for one in found]
        self.replacement = max(verdicts, default="False", key="False Conditional True".find)
        self.details = [{"Target": {"Attribute": "Properties", "Name": one}} for one in found]


def diff(change_set: ChangeSet) -> list[Change]:
    """Return the changes."""
    stack = change_set.stack
    old = resolved(stack.template_dict, stack.stack_parameters) if stack.template_dict else {}
    new = resolved(change_set.template_dict, change_set.parameters)
    changes: list[Change] = []
    for name in sorted(new):
        if old.get(name) != new[name]:
            exists = is_there(stack.account_id, stack.region_name, new[name])
            imported = exists or change_set.change_set_type == "IMPORT"
            action = "Modify" if name in old else "Import" if imported else "Add"
            changes.append(DetailedChange(action, name, new[name]["Type"], old.get(name), new[name]))
    gone = sorted(set(old) - set(new))
    return changes + [DetailedChange("Remove", name, old[name]["Type"], None, None) for name in gone]


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
