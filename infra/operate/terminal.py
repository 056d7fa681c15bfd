"""Output of all commands, with control characters escaped, since stored text may come from an attacker."""

from __future__ import annotations

import errno
import io
import sys
import unicodedata

import click

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (including bidi), surrogate, private use, unassigned; line and paragraph separator."""


def escaped(text: str) -> str:
    r"""Return text with each of these characters as a Python escape: `\x9b`, `\u202e`, `\U000e0041`."""
    return "".join(_escape(char) if unicodedata.category(char) in _ESCAPED else char for char in text)


def say(line: str, *, err: bool = False) -> None:
    """Print one line. Raises ClickException, which contains the line, if the output cannot be written."""
    try:
        click.echo(escaped(line), err=err)
    except OSError as error:
        if error.errno == errno.EPIPE:
            # The reader closed the pipe; Click ends the command silently.
            raise
        raise click.ClickException(
            f"The output cannot be written ({error.strerror}); the command has done this: {escaped(line)}"
        ) from error


def confirm(question: str) -> None:
    """Ask a question. Raises click.Abort for any answer but yes."""
    click.confirm(escaped(question), abort=True)


def print_any_character() -> None:
    """Print characters that the terminal cannot encode as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
