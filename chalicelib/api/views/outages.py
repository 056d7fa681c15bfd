"""Distinguishes temporary failures of AWS from defects, among the exceptions of a view."""

from __future__ import annotations

from http import HTTPStatus

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


def is_outage(error: BaseException) -> bool:
    """Return whether an exception of botocore reports that AWS cannot be reached, throttles or has failed.

    Anything else that botocore raises, such as a missing permission or table, is a defect of the view. The
    classes are compared by name, since importing botocore would slow every cold start.
    """
    names = {one.__name__ for one in type(error).__mro__ if one.__module__ == "botocore.exceptions"}
    if names & {"ConnectionError", "HTTPClientError"}:
        return True
    answer = getattr(error, "response", None)
    if "ClientError" not in names or not isinstance(answer, dict):
        return False
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    failed = isinstance(status, int) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return failed or answer.get("Error", {}).get("Code") in _THROTTLED
