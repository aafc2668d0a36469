"""Which addresses a webhook may go to: the one that was checked is connected to."""

import socket
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gateway.errors import PermanentError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = ip_network("64:ff9b::/96")
_IPV4_BITS: Final = 0xFFFF_FFFF


class AddressRefusedError(PermanentError):
    """An endpoint leads to an address that webhooks may not reach."""


class AddressRule:
    """Public addresses are free; all others only when the operator names them."""

    def __init__(self, *, private: bool, networks: Sequence[Network] = ()) -> None:
        self._private = private
        self._networks = tuple(networks)

    def permits(self, address: Address) -> bool:
        address = _unwrapped(address)
        if address.is_multicast or address.is_unspecified:
            return False
        if self._private or address.is_global:
            return True
        return any(address in network for network in self._networks)

    def check(self, host: str) -> None:
        """Raise AddressRefusedError when `host` is an address that is not permitted.

        A name is checked when it is resolved.
        """
        try:
            address = ip_address(host.strip("[]").partition("%")[0])
        except ValueError:
            return
        if not self.permits(address):
            raise AddressRefusedError(_advice(host))


class CheckedResolver(AbstractResolver):
    """Resolves names and gives out permitted addresses alone."""

    def __init__(
        self, rule: AddressRule, resolver: AbstractResolver | None = None
    ) -> None:
        self._rule = rule
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self._resolver is None:
            self._resolver = ThreadedResolver()
        found = await self._resolver.resolve(host, port, family)
        permitted = [
            it
            for it in found
            if self._rule.permits(ip_address(it["host"].partition("%")[0]))
        ]
        if found and not permitted:
            raise AddressRefusedError(_advice(f"{host} ({found[0]['host']})"))
        return permitted

    async def close(self) -> None:
        if self._resolver is not None:
            await self._resolver.close()


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _IPV4_BITS)
    return address.ipv4_mapped or address.sixtofour or address


def _advice(where: str) -> str:
    return (
        f"{where} is not a public address: set allow_private_addresses = true,"
        " or list its network in allow_addresses"
    )
