"""The one kind of failure that this package raises."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """What was asked for cannot be done; the message is for whoever asked."""
