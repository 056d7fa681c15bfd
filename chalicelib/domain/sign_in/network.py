"""The network of a client address: a range that a single attacker typically controls."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

UNKNOWN_NETWORK = ""
"""The network of requests without a valid address."""

_IPV4_PREFIX, _IPV6_PREFIX = 24, 48


def network_of(address: str) -> str:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 address, as text.

    An IPv4-mapped IPv6 address counts as its IPv4 address. For any other text return UNKNOWN_NETWORK.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(parsed, IPv6Address):
        # Without the zone, which identifies a local interface.
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed))
    prefix = _IPV4_PREFIX if isinstance(parsed, IPv4Address) else _IPV6_PREFIX
    return str(ip_network((parsed, prefix), strict=False))
