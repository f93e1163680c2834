"""Which network addresses may be asked on behalf of somebody else: of a file, or of an answer of a provider.

Pure: who asks resolves the name, and connects to the very address that was looked at here.
"""

from __future__ import annotations

import ipaddress

_METADATA = frozenset(ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192"))
"""Addresses of instance metadata outside the link-local ranges: AWS on IPv6, Alibaba Cloud, Oracle Cloud."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def hands_out_credentials(address: str) -> bool:
    """Whether clouds hand out credentials there, or nobody in particular is meant (multicast)."""
    ip = _plain(address)
    return ip.is_link_local or ip.is_multicast or ip in _METADATA


def is_loopback(address: str) -> bool:
    """Whether it is this machine; a name counts when it is `localhost`."""
    if address.lower() == "localhost":
        return True
    try:
        return _plain(address).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether it is a machine on the public network, and no other."""
    ip = _plain(address)
    return ip.is_global and not hands_out_credentials(address)


def _plain(address: str) -> _Address:
    """The address that is meant: IPv4 within IPv6 is taken out of it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip
