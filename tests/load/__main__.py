"""`make load`: drive the local stack, or a deployment by its URL, with a bounded load."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.load.driver import ACTIONS, Plan, drive, report

MAX_SECONDS, MAX_APPS, MAX_REQUESTS = 600, 64, 100_000
_MIX = "sign-in=1,refresh=9,call=90"
_PASSWORD_VARIABLE = "GATEHOUSE_LOAD_PASSWORD"


class LoadRefusedError(Exception):
    """The load is not started. The message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print rates, percentiles and errors. Return 1 if a request failed, 2 if nothing was started."""
    options = _parser().parse_args(arguments)
    try:
        plan = Plan(_mix(options.mix), options.apps, options.seconds, options.requests)
        _require_consent(options.url, options.yes)
        with _target(options.url, options.username) as (url, accounts):
            tally = drive(url, accounts, plan)
    except LoadRefusedError as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - the purpose
        return 2
    except requests.RequestException as error:
        print(f"No app could sign in: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(report(tally))  # noqa: T201
    return int(bool(tally.errors))


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine by a loopback address, or as localhost."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_consent(url: str, is_confirmed: bool) -> None:  # noqa: FBT001 - an option of the command line
    if not url or is_loopback(url) or is_confirmed:
        return
    host = urlsplit(url).hostname
    if not sys.stdin.isatty():
        raise LoadRefusedError(f"{host} is not this machine: confirm with --yes.")
    question = f"{host} is not this machine. Its owner pays for the load. Type the host's name to go on: "
    if input(question).strip() != host:
        raise LoadRefusedError("Nothing was sent.")


@contextmanager
def _target(url: str, username: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Return a URL with accounts: those of a local stack of its own, unless a URL is named."""
    if not url:
        from tests.bench.processes import StackProcess
        from tests.bench.programs.stack import EMAILS, PASSWORD

        with StackProcess(Path(__file__).parents[2]) as stack:
            yield stack.url, [(email, PASSWORD) for email in EMAILS]
        return
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise LoadRefusedError("Passwords are sent over https only.")
    if not username:
        raise LoadRefusedError("--url needs --username, an account made for this purpose.")
    yield (
        url,
        [(username, os.environ.get(_PASSWORD_VARIABLE) or getpass.getpass(f"Password of {username}: "))],
    )


def _mix(text: str) -> dict[str, float]:
    try:
        mix = {name: float(weight) for name, _, weight in (one.partition("=") for one in text.split(","))}
    except ValueError:
        raise LoadRefusedError(f"--mix takes weights such as {_MIX}.") from None
    if set(mix) - set(ACTIONS) or min(mix.values()) < 0 or not 0 < sum(mix.values()) < float("inf"):
        raise LoadRefusedError(f"--mix takes weights of {', '.join(ACTIONS)}, such as {_MIX}.")
    return mix


def _bounded(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        # A ValueError is argparse's to report.
        if not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be from 1 to {most:,}")
        return int(text)

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make load ARGS=…", description=__doc__)
    parser.add_argument(
        "--url", default="", help="the API to drive; by default a local stack is started for it, and ended"
    )
    parser.add_argument(
        "--username", default="", help=f"account for --url; password from {_PASSWORD_VARIABLE} or asked for"
    )
    parser.add_argument("--yes", action="store_true", help="confirm that --url may be another machine")
    parser.add_argument("--mix", default=_MIX, help="weights of the actions, default %(default)s")
    parser.add_argument("--apps", type=_bounded(MAX_APPS), default=4, help=f"at once, at most {MAX_APPS}")
    parser.add_argument("--seconds", type=_bounded(MAX_SECONDS), default=15, help=f"at most {MAX_SECONDS}")
    parser.add_argument(
        "--requests", type=_bounded(MAX_REQUESTS), default=20_000, help=f"at most {MAX_REQUESTS}"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
