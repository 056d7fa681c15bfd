"""The one kind of failure that this package raises."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """The operation is not possible; the message is for the operator."""
