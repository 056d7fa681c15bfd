"""`make bench`: measure what Gatehouse costs, each row as a ratio against a floor of the same run."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.bench.bench import BEFORE, WORK, Bench
from tests.bench.measure import MIN_ROUNDS, NotMeasuredError, Row
from tests.bench.registry import ROWS
from tests.bench.report import Outcome, table, write_json

_SHORT_ROUNDS = 3
_JSON = WORK.with_suffix(".json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, and return 1 if a mark is missed, except in a short run."""
    options = _parser().parse_args(arguments)
    rows = _selected(options.rows)
    rounds = _SHORT_ROUNDS if options.short else max(MIN_ROUNDS, options.rounds)
    outcomes = []
    with closing(Bench(rounds, options.before)) as bench:
        for number, row in enumerate(rows, 1):
            began = time.monotonic()
            outcomes.append(_outcome(row, bench))
            done = f"{number}/{len(rows)} {row.name}: {time.monotonic() - began:.0f} s"
            print(done, file=sys.stderr, flush=True)  # noqa: T201 - progress
        by = "a CPU quota" if bench.quota else "CPU time, for want of a CPU quota"
    print(table(outcomes))  # noqa: T201 - the purpose
    print(f"\nMedians of {rounds}, interleaved; cold starts by {by}. {options.json}")  # noqa: T201
    for outcome in outcomes:
        for line in outcome.measured.details.get("lines", ()) if outcome.measured else ():
            print(line)  # noqa: T201
    write_json(options.json, outcomes, {"rounds": rounds, "before": options.before, "cold_starts_by": by})
    return int(not options.short and any(one.is_good is False for one in outcomes))


def _outcome(row: Row, bench: Bench) -> Outcome:
    try:
        return Outcome(row, row.measure(bench))
    except NotMeasuredError as error:
        return Outcome(row, None, str(error))


def _selected(names: str) -> list[Row]:
    wanted = names.split(",") if names else [row.name for row in ROWS]
    unknown = set(wanted) - {row.name for row in ROWS}
    if unknown:
        raise SystemExit(f"There is no row {', '.join(sorted(unknown))}. Rows: {_names()}.")
    return [row for row in ROWS if row.name in wanted]


def _names() -> str:
    return ", ".join(row.name for row in ROWS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…", description=__doc__, epilog=f"Rows: {_names()}."
    )
    parser.add_argument(
        "--short", action="store_true", help=f"medians of {_SHORT_ROUNDS}; a missed mark is no failure"
    )
    parser.add_argument("--rounds", type=int, default=MIN_ROUNDS, help="samples of each side, at least 15")
    parser.add_argument("--rows", default="", metavar="NAMES", help="only these rows, separated by commas")
    parser.add_argument("--json", type=Path, default=_JSON, metavar="FILE", help="where the numbers go")
    parser.add_argument(
        "--before", default=BEFORE, metavar="COMMIT", help="commit or tag of the version to compare with"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
