"""`python -m infra.audit`: check the pinned packages, in Lambda and here, for known vulnerabilities."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

_UNREACHABLE = ("ConnectionError", "Max retries", "NameResolution", "timed out", "ServiceError")
LOCKS = ("requirements.txt", "requirements-lambda.txt", "requirements-asymmetric.txt", "requirements-dev.txt")
"""What is installed in Lambda, by a reader with pip, and by a developer."""
_COMMAND = "-m pip_audit --disable-pip --progress-spinner off --format json"
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Audit:
    """The result of pip-audit: findings, packages without advisories, and the number checked."""

    findings: list[str]
    unlisted: list[str]
    audited: int

    @staticmethod
    def read(text: str) -> Audit:
        """Parse pip-audit's JSON. Raises ValueError, KeyError and TypeError for any other text."""
        packages: list[dict[str, Any]] = json.loads(text)["dependencies"]
        looked_up = [one for one in packages if "skip_reason" not in one]
        return Audit(
            findings=[_finding(one, flaw) for one in looked_up for flaw in one["vulns"]],
            unlisted=[str(one["name"]) for one in packages if "skip_reason" in one],
            audited=len(looked_up),
        )


def main() -> int:
    """Run pip-audit on the pinned requirements. Return 1 for a finding or a failed run.

    Return 0 with a message if the service cannot be reached, so that the check works without a network.
    """
    files = (word for lock in LOCKS for word in ("-r", lock))
    command = [sys.executable, *_COMMAND.split(), *files]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        print("pip-audit skipped: the vulnerability service did not answer in time.")
        return 0
    try:
        audit = Audit.read(done.stdout)
    except (ValueError, KeyError, TypeError):
        return _report_failure(done)
    return _report(audit) or done.returncode


def _report(audit: Audit) -> int:
    for finding in audit.findings:
        print(finding)
    if audit.unlisted and not audit.audited:
        print("pip-audit skipped: the package index in use here carries no advisories.")
        return 0
    if audit.unlisted:
        print(f"pip-audit could not look up: {', '.join(audit.unlisted)}.")
    print(f"pip-audit: {len(audit.findings) or 'nothing'} found in {audit.audited} packages.")
    return int(bool(audit.findings))


def _report_failure(done: subprocess.CompletedProcess[str]) -> int:
    """Print why there is no result. Any failure but an unreachable service may hide a finding."""
    if done.returncode and any(word in done.stderr for word in _UNREACHABLE):
        print("pip-audit skipped: the vulnerability service cannot be reached from here.")
        return 0
    print((done.stdout + done.stderr).strip() or "pip-audit printed nothing.")
    return done.returncode or 1


def _finding(package: dict[str, Any], flaw: dict[str, Any]) -> str:
    fixed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
    return f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}."


if __name__ == "__main__":
    sys.exit(main())
