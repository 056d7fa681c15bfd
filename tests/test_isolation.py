"""Tests reach nothing but loopback, and use no real credentials."""

from __future__ import annotations

import os
import socket

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "169.254.169.254", "example.com"])
def test_no_test_reaches_beyond_loopback(address: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="tried to reach"):
        socket.create_connection((address, 443), timeout=0.01)


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=1).close()


def test_no_real_credentials_are_used() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert "AWS_PROFILE" not in os.environ
