"""Parameters of the template, and the settings of the code that they become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


def variable(parameter: str) -> str:
    """Return the environment variable that a parameter sets: BcryptCost sets BCRYPT_COST."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def given_by(environment: Mapping[str, str], parameters: Iterable[str]) -> dict[str, str]:
    """Return the parameters that an environment has a value for; an empty variable counts as absent."""
    return {name: environment[variable(name)] for name in parameters if environment.get(variable(name))}
