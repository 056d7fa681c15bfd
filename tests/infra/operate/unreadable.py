"""A signing secret that somebody has edited."""

from __future__ import annotations

from typing import Any

from tests.blackbox.local_deployment import LocalDeployment

NO_KEY = "the key is in the other safe"


def spoil_key(stage: LocalDeployment, **value: Any) -> str:
    """Give the secret another value, as somebody does in the console; return its version."""
    secret, secret_id = stage.deployment.client("secretsmanager"), stage.deployment.settings.signing_secret_id
    before = secret.describe_secret(SecretId=secret_id)["VersionIdsToStages"]
    (current,) = (version for version, labels in before.items() if "AWSCURRENT" in labels)
    # By way of a label: moto, unlike AWS, would leave AWSCURRENT where a promotion has brought it.
    answer = secret.put_secret_value(
        SecretId=secret_id, VersionStages=["EDITED"], **(value or {"SecretString": NO_KEY})
    )
    version = str(answer["VersionId"])
    for label, moved in (
        ("AWSCURRENT", {"MoveToVersionId": version, "RemoveFromVersionId": current}),
        ("EDITED", {"RemoveFromVersionId": version}),
    ):
        secret.update_secret_version_stage(SecretId=secret_id, VersionStage=label, **moved)
    return version
