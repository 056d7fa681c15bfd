"""The error of a template that cannot be built."""

from __future__ import annotations

import click


class CannotPackage(click.ClickException):
    """The app or its templates cannot be described; the message says what to change."""
