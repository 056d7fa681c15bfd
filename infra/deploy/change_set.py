"""A change set: what CloudFormation would do, before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """What would be done to one resource, in CloudFormation's words."""

    action: str
    resource: str
    kind: str
    replacement: str = "False"
    properties: tuple[str, ...] = ()

    @property
    def loses(self) -> bool:
        """Tell whether the resource that is there would go, or might."""
        return self.action not in {"Add", "Import"} and (
            self.action != "Modify" or self.replacement != "False"
        )

    def __str__(self) -> str:
        replaced = "" if self.replacement == "False" else f", replace: {self.replacement}"
        properties = f"  ({', '.join(self.properties)})" if self.properties else ""
        return f"  {self.action + replaced:<28}  {self.resource}  {self.kind}{properties}"


@dataclass(frozen=True)
class ChangeSet:
    """What would be done to a stack. `names` are the arguments that name change set and stack in calls."""

    names: dict[str, str]
    changes: tuple[Change, ...]


def change_of(described: dict[str, Any]) -> Change:
    """Return a change as CloudFormation describes it."""
    change = described["ResourceChange"]
    targets = (detail.get("Target", {}) for detail in change.get("Details", []))
    properties = {str(one.get("Name") or one.get("Attribute")) for one in targets} - {"None"}
    return Change(
        change["Action"],
        change["LogicalResourceId"],
        change["ResourceType"],
        change.get("Replacement", "False"),
        tuple(sorted(properties)),
    )
