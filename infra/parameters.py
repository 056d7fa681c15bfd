"""Map the template's parameters to the settings of the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


def variable(parameter: str) -> str:
    """Return the environment variable that a parameter sets: BcryptCost sets BCRYPT_COST."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def given_by(environment: Mapping[str, str], parameters: Iterable[str]) -> dict[str, str]:
    """Return the values that an environment has for parameters. An empty variable counts as absent."""
    return {name: environment[variable(name)] for name in parameters if environment.get(variable(name))}
