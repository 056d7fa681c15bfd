"""Keeps what botocore, moto and templates would read or compute anew for each client, request and stack."""

from __future__ import annotations

from copy import deepcopy
from functools import cache, lru_cache, partial
from typing import Any

import moto.backends
import moto.core.responses
import pytest
from botocore import useragent
from botocore.loaders import JSONFileLoader, Loader
from moto.core.serialize import BaseJSONSerializer
from samtranslator.yaml_helper import yaml_parse


def memoize(patch: pytest.MonkeyPatch) -> None:
    """Share what is always the same, until the patch is undone."""
    _read_models_once(patch)
    parse = cache(yaml_parse)
    for name in ("infra.local.stack.template", "infra.template.build"):
        patch.setattr(f"{name}.yaml_parse", lambda text: deepcopy(parse(text)))
    # moto lists its own folder and its own methods for each request, which is a fifth of its time.
    modules = tuple(moto.backends.list_of_moto_modules())
    patch.setattr(moto.backends, "list_of_moto_modules", lambda: modules)
    for module, name in (
        (moto.core.responses, "method_names_from_class"),
        (useragent, "sanitize_user_agent_string_component"),
    ):
        patch.setattr(module, name, lru_cache(maxsize=1_000)(getattr(module, name)))
    _look_for_given_types_only(patch)


def _look_for_given_types_only(patch: pytest.MonkeyPatch) -> None:
    """Let moto serialize the types that an attribute value has, without a search for all ten of them.

    moto looks for each type under several names, which takes more than half of the time of a large response.
    """
    write = BaseJSONSerializer._serialize_type_structure

    def quick(self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if (
            shape.name != "AttributeValue"
            or type(value) is not dict
            or not value.keys() <= shape.members.keys()
        ):
            write(self, serialized, value, shape, key)
            return
        written: dict[str, Any] = {}
        for kind, content in value.items():
            self._serialize(written, content, shape.members[kind], kind)
        self._default_serialize(serialized, written, shape, key)

    patch.setattr(BaseJSONSerializer, "_serialize_type_structure", quick)


def _read_models_once(patch: pytest.MonkeyPatch) -> None:
    read = cache(partial(JSONFileLoader.load_file, JSONFileLoader()))
    look = Loader.list_available_services
    found: dict[tuple[str, ...], list[str]] = {}

    def services(self: Loader, type_name: str) -> list[str]:
        key = (type_name, *self.search_paths)
        if key not in found:
            found[key] = look(self, type_name)
        return found[key]

    patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
    patch.setattr(Loader, "list_available_services", services)
