"""What one of each operation uses."""

from __future__ import annotations

from infra.cost.assumptions import Assumptions
from infra.cost.usage import Architecture, Meter, Usage

_MB_PER_GB = 1024
_BYTES_PER_GB = 1024**3
DAYS_PER_MONTH = 365 / 12

_DURATION = {Architecture.X86_64: Meter.LAMBDA_X86_64, Architecture.ARM64: Meter.LAMBDA_ARM64}


def sign_in(assumed: Assumptions, architecture: Architecture) -> Usage:
    """Return what one good sign-in uses."""
    seconds = assumed.sign_in_seconds + assumed.cold_share * assumed.api_init_seconds
    return {
        Meter.GATEWAY_REQUESTS: 1,
        **_function(architecture, assumed.api_memory_mb, seconds),
        Meter.WRITES: assumed.sign_in_writes,
        Meter.READS: assumed.sign_in_reads,
        **_logs(assumed, assumed.sign_in_log_bytes + assumed.access_log_bytes),
        Meter.SENT: assumed.token_answer_bytes / _BYTES_PER_GB,
    }


def refresh(assumed: Assumptions, architecture: Architecture) -> Usage:
    """Return what one exchange of a refresh token uses."""
    seconds = assumed.refresh_seconds + assumed.cold_share * assumed.api_init_seconds
    return {
        Meter.GATEWAY_REQUESTS: 1,
        **_function(architecture, assumed.api_memory_mb, seconds),
        Meter.WRITES: assumed.refresh_writes,
        Meter.READS: assumed.refresh_reads,
        **_logs(assumed, assumed.refresh_log_bytes + assumed.access_log_bytes),
        Meter.SENT: assumed.token_answer_bytes / _BYTES_PER_GB,
    }


def authorizer_miss(assumed: Assumptions, architecture: Architecture) -> Usage:
    """Return what one call of the authorizer uses; API Gateway does not charge for asking it."""
    seconds = assumed.authorizer_seconds + assumed.cold_share * assumed.authorizer_init_seconds
    return {
        **_function(architecture, assumed.authorizer_memory_mb, seconds),
        Meter.READS: assumed.authorizer_reads,
        **_logs(assumed, assumed.authorizer_log_bytes),
    }


def gateway_call(assumed: Assumptions) -> Usage:
    """Return what API Gateway counts and logs for one authenticated call."""
    return {Meter.GATEWAY_REQUESTS: 1, **_logs(assumed, assumed.access_log_bytes)}


def own_function(assumed: Assumptions, architecture: Architecture) -> Usage:
    """Return what the function behind an authenticated call uses, which is not part of Gatehouse."""
    return {
        **_function(architecture, assumed.own_memory_mb, assumed.own_seconds),
        Meter.SENT: assumed.own_answer_bytes / _BYTES_PER_GB,
    }


def stored_account(assumed: Assumptions) -> Usage:
    """Return what keeping one account for a month uses; recovery is charged by the table's size."""
    size = assumed.account_bytes / _BYTES_PER_GB
    return {Meter.STORED: size, Meter.BACKUP: size}


def active(assumed: Assumptions, *, busy: bool) -> Usage:
    """Return what a month uses with nobody there, or with somebody."""
    return {
        Meter.SECRETS: assumed.secrets,
        Meter.ALARMS: assumed.alarms,
        Meter.DASHBOARDS: assumed.dashboards,
        Meter.METRICS: assumed.metrics if busy else 0,
    }


def _function(architecture: Architecture, memory_mb: float, seconds: float) -> Usage:
    return {Meter.LAMBDA_REQUESTS: 1, _DURATION[architecture]: memory_mb / _MB_PER_GB * seconds}


def _logs(assumed: Assumptions, size: float) -> Usage:
    logged = size / _BYTES_PER_GB
    return {Meter.LOGGED: logged, Meter.LOGS_KEPT: logged * assumed.log_days / DAYS_PER_MONTH}
