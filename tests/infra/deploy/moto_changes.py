"""What a change set of moto says of each resource, as CloudFormation would."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import Change, ChangeSet

from tests.infra.deploy.evaluation import differences, resolved


class DetailedChange(Change):
    """A change, with what CloudFormation says of it."""

    def __init__(self, action: str, name: str, kind: str, old: Any, new: Any) -> None:
        super().__init__(action, name, kind)
        found = differences(old, new) if action == "Modify" else []
        self.replacement = max(
            (one.replacement for one in found), default="False", key="False Conditional True".find
        )
        self.details = [{"Target": {"Attribute": "Properties", "Name": one.name}} for one in found]


def diff(change_set: ChangeSet) -> list[Change]:
    """Return the changes."""
    stack = change_set.stack
    old = resolved(stack.template_dict, stack.stack_parameters) if stack.template_dict else {}
    new = resolved(change_set.template_dict, change_set.parameters)
    changes: list[Change] = [
        DetailedChange(
            "Import" if change_set.change_set_type == "IMPORT" else "Modify" if name in old else "Add",
            name,
            new[name]["Type"],
            old.get(name),
            new[name],
        )
        for name in sorted(new)
        if old.get(name) != new[name]
    ]
    gone = sorted(set(old) - set(new))
    return changes + [DetailedChange("Remove", name, old[name]["Type"], None, None) for name in gone]
