"""The few intrinsics of CloudFormation that the local stack follows: what depends on parameters alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_ABSENT = object()


class Intrinsics:
    """Resolves `!Ref`, `!Sub` of text, `!If` and what conditions are made of. Raises ValueError."""

    def __init__(self, conditions: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self._conditions = conditions
        self._values = values
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: _ABSENT if name == "AWS::NoValue" else self._values[name],
            "Condition": self._holds,
            "Fn::If": lambda parts: self.resolve(parts[1] if self._holds(parts[0]) else parts[2]),
            "Fn::Sub": lambda text: re.sub(r"\$\{([\w:]+)\}", lambda name: self._values[name[1]], text),
            "Fn::Join": lambda parts: str(parts[0]).join(str(self.resolve(one)) for one in parts[1]),
            "Fn::Equals": lambda sides: str(self.resolve(sides[0])) == str(self.resolve(sides[1])),
            "Fn::Not": lambda one: not self.resolve(one[0]),
            "Fn::And": lambda several: all(self.resolve(one) for one in several),
        }

    def resolve(self, node: Any) -> Any:
        """Return a part of the template with its intrinsics resolved."""
        if isinstance(node, list):
            return [one for one in map(self.resolve, node) if one is not _ABSENT]
        if not isinstance(node, dict):
            return node
        name = next(iter(node), "")
        if name in self._functions and len(node) == 1:
            return self._functions[name](node[name])
        if name.startswith("Fn::"):
            raise ValueError(f"The local stack understands {', '.join(self._functions)}, and not {name}.")
        values = {key: self.resolve(one) for key, one in node.items()}
        return {key: one for key, one in values.items() if one is not _ABSENT}

    def _holds(self, condition: str) -> bool:
        return bool(self.resolve(self._conditions[condition]))
