"""Durations on the command line: a number with its unit."""

from __future__ import annotations

import re

import click

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FORM = re.compile(r"([0-9]{1,9})([smhd])")


class Duration(click.ParamType[int]):
    """Seconds, minutes, hours or days, as `30s`, `15m`, `12h` or `90d`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return seconds. Raises click.BadParameter."""
        match = _FORM.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration: write 30s, 15m, 12h or 90d.", param, ctx)
        return int(match[1]) * _SECONDS[match[2]]


DURATION = Duration()
