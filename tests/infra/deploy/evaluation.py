"""What CloudFormation would do about a template: which properties differ, and which mean a new resource.

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

from tests.infra.deploy.moto_types import is_there

# Looked for rather than imported, which takes seconds.
_SCHEMAS = Path(str(getattr(find_spec("cfnlint"), "origin", ""))).parent / "data" / "schemas"


@cache
def schema(kind: str, region: str = "us-east-1") -> dict[str, Any]:
    """Return CloudFormation's schema of a type of resource."""
    by_type = json.loads((_SCHEMAS / "providers" / f"{region}.json").read_text())
    found: dict[str, Any] = json.loads((_SCHEMAS / "resources" / f"{by_type[kind]}.json").read_text())
    return found


class DetailedChange(Change):
    """A change, with what CloudFormation says of it."""

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
    """Return the resources that there would be, with the parameters' values in their places."""
    declared = {name: str(one.get("Default", "")) for name, one in document.get("Parameters", {}).items()}
    values = {**declared, **{name: str(value) for name, value in parameters.items()}}
    conditions = document.get("Conditions", {})
    return {
        name: _resolve(resource, values, conditions)
        for name, resource in document["Resources"].items()
        if "Condition" not in resource or _holds(resource["Condition"], values, conditions)
    }


def _replacement(kind: str, name: str) -> str:
    pointer, known = f"/properties/{name}", schema(kind)
    if pointer in known.get("createOnlyProperties", []):
        return "True"
    return "Conditional" if pointer in known.get("conditionalCreateOnlyProperties", []) else "False"


def _resolve(value: Any, values: Mapping[str, str], conditions: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolve(one, values, conditions) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in values:
        return values[value["Ref"]]
    if set(value) == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        return _resolve(yes if _holds(condition, values, conditions) else no, values, conditions)
    return {key: _resolve(one, values, conditions) for key, one in value.items()}


def _holds(condition: Any, values: Mapping[str, str], conditions: Mapping[str, Any]) -> bool:
    if isinstance(condition, str):
        return _holds(conditions[condition], values, conditions)
    ((function, arguments),) = condition.items()
    if function == "Fn::Equals":
        left, right = (_resolve(one, values, conditions) for one in arguments)
        return str(left) == str(right)
    each = [_holds(one, values, conditions) for one in arguments]
    return {"Fn::Not": not each[0], "Fn::And": all(each), "Fn::Or": any(each)}[function]
