"""Records the API's own URL in the table, where the authorizer finds it whichever API asks."""

from __future__ import annotations

from collections.abc import Mapping

import click

from chalicelib.domain.errors import Unavailable
from infra.operate.deployment import open_deployment


def record_issuer(stage: str, region: str, outputs: Mapping[str, str]) -> None:
    """Write the URL at AWS's own address into every copy of the system's state, if it is not there.

    It is the issuer wherever no domain is set. Without the right to write it, say so and go on: only an API
    elsewhere needs it.
    """
    url = outputs.get("AwsURL")
    if url is None:
        return
    try:
        is_new = open_deployment(stage, region).services.adapters.system.record_issuer(url)
    except Unavailable as error:
        click.echo(
            f"The issuer {url} could not be recorded ({error.reason}): until a later deploy does it, "
            "other APIs cannot use the authorizer. docs/policies.md names the rights."
        )
        return
    if is_new:
        click.echo(f"Issuer    {url}")
