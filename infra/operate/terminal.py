"""The one way in which commands print: nothing that a stranger wrote controls the operator's terminal."""

from __future__ import annotations

import errno
import io
import sys
import unicodedata

import click

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (also bidi), surrogate, private use, unassigned; line and paragraph separator."""


def escaped(text: str) -> str:
    r"""Return text with every such character as Python writes it: `\x9b`, `\u202e`, `\U000e0041`."""
    return "".join(_escape(char) if unicodedata.category(char) in _ESCAPED else char for char in text)


def say(line: str, *, err: bool = False) -> None:
    """Print one line. Raises ClickException, with the line in it, where the output cannot be written."""
    try:
        click.echo(escaped(line), err=err)
    except OSError as error:
        if error.errno == errno.EPIPE:
            # Whoever reads has seen enough; Click ends the command without a word.
            raise
        raise click.ClickException(
            f"The output cannot be written ({error.strerror}), and what was done stands: {escaped(line)}"
        ) from error


def confirm(question: str) -> None:
    """Ask, and raise Abort for anything but a yes."""
    click.confirm(escaped(question), abort=True)


def print_any_character() -> None:
    """Have what the terminal cannot encode printed as an escape: no command fails at its last line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
