"""`python -m infra common-passwords`: build the list of common passwords from public lists."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import click

from chalicelib.adapters.common_passwords import FILE, CommonPasswordFile, file_content
from chalicelib.domain.accounts.password_rules import comparable_form
from chalicelib.settings import Settings
from infra.operate.terminal import say

LARGEST_FILE = 1_500_000
"""Bytes that the list may take in the package of the functions."""


@click.command("common-passwords")
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--min-length",
    default=Settings().password_min_length,
    show_default=True,
    help="Leave out shorter ones: PASSWORD_MIN_LENGTH refuses them anyway.",
)
@click.option(
    "--output", default=FILE, type=click.Path(dir_okay=False, path_type=Path), help="File that is written."
)
def common_passwords(sources: tuple[Path, ...], min_length: int, output: Path) -> None:
    """Write the digests of the passwords of SOURCES: text files with one a line, or archives of them.

    The same sources give the same file.
    """
    passwords = {one for source in sources for one in _passwords(source) if len(one) >= min_length}
    content = file_content(comparable_form(one) for one in passwords)
    if not passwords:
        raise click.ClickException(f"The sources have no password of {min_length} characters or more.")
    if len(content) > LARGEST_FILE:
        raise click.ClickException(
            f"The list would take {len(content):,} bytes, more than {LARGEST_FILE:,}: raise --min-length."
        )
    output.write_bytes(content)
    say(f"Wrote {len(CommonPasswordFile(output)):,} passwords to {output} ({len(content):,} bytes).")


def _passwords(source: Path) -> Iterator[str]:
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".txt"):
                    yield from _lines(archive.read(name))
    else:
        yield from _lines(source.read_bytes())


def _lines(content: bytes) -> Iterator[str]:
    # Old lists mix encodings. A line that is not UTF-8 is read as Latin-1.
    for line in content.split(b"\n"):
        try:
            yield line.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            yield line.removesuffix(b"\r").decode("latin-1")
