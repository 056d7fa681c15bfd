"""The second argument of a Lambda function."""

from __future__ import annotations

from chalice.local import LambdaContext

from infra.local.stack.names import ACCOUNT, REGION, STACK


def lambda_context(function_name: str, *, memory_mb: int = 256, timeout_seconds: float = 10) -> LambdaContext:
    """Return a context of its own for one invocation. It counts down the function's own time-out."""
    name = f"{STACK}-{function_name}"
    context = LambdaContext(name, memory_mb, int(timeout_seconds * 1000))
    context.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return context
