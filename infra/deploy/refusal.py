"""The one kind of failure that this package raises, and a word for the one that botocore does not name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from botocore.parsers import ResponseParserError


class Refused(click.ClickException):
    """What was asked for cannot be done; the message is one sentence for whoever asked."""


@contextmanager
def garbled_answers() -> Iterator[None]:
    """Turn an answer that is none of AWS's, such as a proxy's page, into a sentence."""
    try:
        yield
    except ResponseParserError as error:
        raise Refused("AWS answered what nobody can read: is there a proxy in between? Try again.") from error
