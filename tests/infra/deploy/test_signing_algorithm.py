"""A stage whose keys become asymmetric, and HS256 again: its package can use every key that it may have."""

from __future__ import annotations

from contextlib import closing

from tests.infra.deploy.conftest import DeployHarness, refusal


def kept(harness: DeployHarness) -> str:
    with closing(harness.aws.client("cloudformation")) as client:
        outputs = client.describe_stacks(StackName="gatehouse-prod")["Stacks"][0]["Outputs"]
    return next(str(one["OutputValue"]) for one in outputs if one["OutputKey"] == "AsymmetricKeys")


def test_a_stage_goes_there_and_back(deployed: DeployHarness) -> None:
    seen = [kept(deployed)]
    for given in ("SigningAlgorithm=ES256", "SigningAlgorithm=HS256", "AsymmetricKeys=none"):
        assert deployed.deploy("--parameter", given, "--yes").exit_code == 0
        seen.append(kept(deployed))
    assert seen == ["none", "kept", "kept", "none"]
    early = deployed.deploy("--parameter", "SigningAlgorithm=ES256", "--parameter", "AsymmetricKeys=none")
    assert "two rotations" in refusal(early)
