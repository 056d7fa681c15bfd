"""The changes that CloudFormation has computed for a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """A change of one resource, in CloudFormation's terms."""

    action: str
    resource: str
    kind: str
    replacement: str = "False"
    properties: tuple[str, ...] = ()

    @property
    def loses(self) -> bool:
        """Tell whether the existing resource would be removed or replaced, or might be."""
        return self.action not in {"Add", "Import"} and (
            self.action != "Modify" or self.replacement != "False"
        )

    def __str__(self) -> str:
        replaced = "" if self.replacement == "False" else f", replace: {self.replacement}"
        properties = f"  ({', '.join(self.properties)})" if self.properties else ""
        return f"  {self.action + replaced:<28}  {self.resource}  {self.kind}{properties}"


@dataclass(frozen=True)
class ChangeSet:
    """The changes of a stack. `names` are the arguments that name change set and stack in calls."""

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
