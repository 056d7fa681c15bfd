"""Evaluate CloudFormation's intrinsic functions and conditions without AWS.

The local stack and the tests read templates through this module, so that both see the same resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{([^!][^}]*)\}")

Reference = Callable[[str], Any]
Attribute = Callable[[str, str], Any]


def parameter_defaults(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the defaults of a template's parameters, as strings."""
    declared = document.get("Parameters", {}).items()
    return {name: str(parameter["Default"]) for name, parameter in declared if "Default" in parameter}


def _no_attributes(resource: str, attribute: str) -> Any:
    raise ValueError(f"The attribute {attribute} of {resource} is not known here.")


class Evaluator:
    """Evaluates parts of one template.

    `reference` returns the value of `!Ref` for a parameter, a pseudo parameter or a resource, or raises
    KeyError. `attribute` returns the value of `!GetAtt` for a logical id and an attribute.
    """

    def __init__(
        self, document: Mapping[str, Any], reference: Reference, attribute: Attribute = _no_attributes
    ) -> None:
        self._document = document
        self._reference = reference
        self._attribute = attribute
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: _NO_VALUE if name == "AWS::NoValue" else reference(name),
            "Condition": self.holds,
            "Fn::If": lambda parts: self.resolve(parts[1] if self.holds(parts[0]) else parts[2]),
            "Fn::Equals": lambda sides: str(self.resolve(sides[0])) == str(self.resolve(sides[1])),
            "Fn::Not": lambda one: not self.resolve(one[0]),
            "Fn::And": lambda several: all(self.resolve(one) for one in several),
            "Fn::Or": lambda several: any(self.resolve(one) for one in several),
            "Fn::Contains": lambda parts: str(self.resolve(parts[1])) in map(str, self.resolve(parts[0])),
            "Fn::Join": lambda parts: str(parts[0]).join(str(one) for one in self.resolve(parts[1])),
            "Fn::Select": lambda parts: self.resolve(parts[1])[int(parts[0])],
            "Fn::GetAtt": lambda one: self._attribute(*(one.split(".", 1) if isinstance(one, str) else one)),
            "Fn::Sub": self._substitute,
        }

    def resolve(self, node: Any) -> Any:
        """Return a part of the template with its intrinsic functions evaluated.

        Raises KeyError for a name without a value, and ValueError for a function that is not supported.
        """
        if isinstance(node, list):
            return [one for one in map(self.resolve, node) if one is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        name = next(iter(node), "")
        if len(node) == 1 and name in self._functions:
            return self._functions[name](node[name])
        if name.startswith("Fn::"):
            raise ValueError(f"{name} is not supported; supported are {', '.join(self._functions)}.")
        values = {key: self.resolve(one) for key, one in node.items()}
        return {key: one for key, one in values.items() if one is not _NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Return whether a named condition is true. Raises like `resolve`."""
        return bool(self.resolve(self._document["Conditions"][condition]))

    def present(self, section: str) -> dict[str, dict[str, Any]]:
        """Return the entries of a section whose condition is true, unresolved and without that condition.

        Raises like `resolve`.
        """
        entries = self._document.get(section, {}).items()
        return {
            name: {key: value for key, value in entry.items() if key != "Condition"}
            for name, entry in entries
            if "Condition" not in entry or self.holds(entry["Condition"])
        }

    def _substitute(self, argument: Any) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(self.resolve(given[name]))
            found = self._attribute(*name.split(".", 1)) if "." in name else self._reference(name)
            return str(found)

        return _PLACEHOLDER.sub(value, text).replace("${!", "${")
