"""The command `cost`."""

from __future__ import annotations

from pathlib import Path

import click

from infra.cost.assumptions import Assumptions
from infra.cost.bill import bill
from infra.cost.cost_page import cost_page
from infra.cost.model import Workload
from infra.cost.prices import regions
from infra.cost.report import as_json, table
from infra.cost.scale_page import scale_page
from infra.cost.usage import Architecture

_ASSUMED = Assumptions()
_MOST = 10**12
_DOCS = Path(__file__).resolve().parents[2] / "docs"


class _Refused(click.ClickException):
    exit_code = 2


class _OneSentence(click.Command):
    """Says what is wrong with the input in one sentence, without the usage above it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _Refused(error.format_message()) from error


@click.command(cls=_OneSentence)
@click.option("--users", type=click.IntRange(0, _MOST), metavar="N", help="Monthly active users.")
@click.option(
    "--calls",
    type=click.IntRange(0, _MOST),
    metavar="M",
    help="Authenticated calls a month, of all users together."
    f"  [default: {_ASSUMED.visits * _ASSUMED.calls_per_visit:,.0f} a user]",
)
@click.option(
    "--sign-ins",
    type=click.IntRange(0, _MOST),
    metavar="S",
    help=f"Sign-ins a month, of all users together.  [default: {_ASSUMED.sign_ins_per_user:g} a user]",
)
@click.option(
    "--cache-seconds",
    type=click.IntRange(0, 3600),
    metavar="S",
    default=60,
    show_default=True,
    help="Time for which API Gateway keeps the authorizer's answer (AUTHORIZER_CACHE_SECONDS).",
)
@click.option(
    "--architecture",
    type=click.Choice([one.value for one in Architecture]),
    default=Architecture.X86_64.value,
    show_default=True,
    help="Processor of the functions.",
)
@click.option(
    "--region",
    type=click.Choice(regions()),
    default="us-east-1",
    show_default=True,
    help="Region whose prices to use.",
)
@click.option("--free-tier", is_flag=True, help="Take off what AWS gives every account every month.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--write-docs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    is_flag=False,
    flag_value=str(_DOCS),
    metavar="[FOLDER]",
    help="Write cost.md and scale.md anew, into docs/ unless told, and nothing else.",
)
def cost(  # noqa: PLR0913 - an option each
    *,
    users: int | None,
    calls: int | None,
    sign_ins: int | None,
    cache_seconds: int,
    architecture: str,
    region: str,
    free_tier: bool,
    wants_json: bool,
    write_docs: Path | None,
) -> None:
    """Estimate what Gatehouse costs in a month, row by row, from list prices.

    Prices lie in infra/cost/prices, each with source and date; everything that is assumed about a user or
    an operation lies in infra/cost/assumptions.py. No network and no AWS account is used.

    Example: --users 10000 --calls 12000000
    """
    if write_docs:
        _write_pages(write_docs)
        return
    if users is None:
        raise _Refused("Say for how many users: --users N.")
    load = Workload.of(
        _ASSUMED,
        users,
        calls=calls,
        sign_ins=sign_ins,
        cache_seconds=cache_seconds,
        architecture=Architecture(architecture),
    )
    result = bill(load, _ASSUMED, region=region, free_tier=free_tier)
    click.echo(as_json(result) if wants_json else table(result))


def _write_pages(folder: Path) -> None:
    for name, text in (("cost.md", cost_page()), ("scale.md", scale_page())):
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"Wrote {name}.")
