"""`python -m infra smoke`: check the responses of a deployment over HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import click
import requests

from infra.operate.api_client import ApiClient
from infra.operate.cli import enter
from infra.operate.deployment import LOCAL, Deployment
from infra.operate.smoke_checks import CHECKS, SIGNED_IN_CHECKS, SIGNED_OUT_CHECKS, Check
from infra.operate.temporary_account import temporary_account
from infra.operate.terminal import say
from infra.operate.users import read_password

Say = Callable[[str], object]

_AWS_ADDRESS = re.compile(
    r"https://[a-z0-9]+\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<stage>[a-z][a-z0-9-]*)"
)
_NAME = max(len(check.name) for check in CHECKS)
_SEEN = max(len(check.expected) for check in CHECKS)


@click.command()
@click.option("--url", default=None, help="Base URL of the API, by default that of the stage.")
@click.option("--stage", default=None, help=f"Stage that gets the temporary account.  [default: {LOCAL}]")
@click.option("--region", default=None, help="AWS region, if not that of your configuration.")
@click.option("--username", default=None, help="Sign in with this account instead; needs no AWS.")
@click.option("--password-stdin", is_flag=True, help="Read its password from standard input, up to its end.")
def smoke(
    url: str | None, stage: str | None, region: str | None, username: str | None, *, password_stdin: bool
) -> None:
    """Check the responses of a deployment over HTTP, with a temporary account."""
    if username is not None:
        address = url or _deployment(None, stage, region).api_url
        passed = _visit(address, username, read_password(from_stdin=password_stdin), say)
    else:
        passed = run_smoke(_deployment(url, stage, region))
    if not passed:
        raise click.exceptions.Exit(1)


def run_smoke(deployment: Deployment, say: Say = say) -> bool:
    """Check a deployment with a temporary account. Report each check, and return whether all passed.

    Raises GatehouseError if the account cannot be created.
    """
    with temporary_account(deployment) as one:
        return _visit(one.api_url, one.email, one.password.reveal(), say)


def _deployment(url: str | None, stage: str | None, region: str | None) -> Deployment:
    """Return the deployment, with `url` as its address if given. An AWS address contains stage and region."""
    address = _AWS_ADDRESS.fullmatch((url or "").rstrip("/"))
    if address and stage is None:
        stage, region = address["stage"], region or address["region"]
    deployment = enter(click.get_current_context(), stage or LOCAL, region)
    if url is None:
        return deployment
    if stage is None and url.replace("//localhost:", "//127.0.0.1:").rstrip("/") != deployment.api_url:
        # With an account in another stage, every sign-in would fail.
        raise click.UsageError("Name the --stage that this URL belongs to, or a --username that it knows.")
    return replace(deployment, api_url=url.rstrip("/"))


def _visit(api_url: str, username: str, password: str, say: Say) -> bool:
    with closing(ApiClient(api_url, username, password)) as visitor:
        try:
            visitor.get("/health")
        except requests.RequestException as error:
            # Reported once: every check would run into the same time-out.
            say(f"Nothing answers at {api_url} ({type(error).__name__}).")
            return False
        say(f"Visiting {api_url}")
        say(_row("check", "expected", "got", "ms", "ok"))
        failed = sum(not _passes(check, visitor, say) for check in SIGNED_OUT_CHECKS)
        # Reported once: without a token, every further check would fail for the same reason.
        left_out = () if visitor.access_token else SIGNED_IN_CHECKS
        failed += sum(not _passes(check, visitor, say) for check in SIGNED_IN_CHECKS if not left_out)
    if left_out:
        say(
            f"The sign-in failed, so {len(left_out)} checks that need a token were skipped; "
            "with --username, check name and password."
        )
    say(f"{failed} of {len(CHECKS)} checks failed." if failed else f"{len(CHECKS)} checks passed.")
    return not failed


def _passes(check: Check, visitor: ApiClient, say: Say) -> bool:
    began = time.perf_counter()
    try:
        got = check.look(visitor)
    except (requests.RequestException, ValueError, KeyError) as error:
        # The exception is the result of this check; the next one may succeed.
        got = type(error).__name__
    elapsed = f"{(time.perf_counter() - began) * 1000:.0f}"
    passed = got == check.expected
    say(_row(check.name, check.expected, got, elapsed, "yes" if passed else "NO"))
    return passed


def _row(name: str, expected: str, got: str, elapsed: str, passed: str) -> str:
    return f"{name:<{_NAME}}  {expected:<{_SEEN}}  {got:<{_SEEN}}  {elapsed:>6}  {passed}"
