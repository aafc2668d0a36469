"""Which addresses a webhook may go to."""

import socket
from ipaddress import ip_address, ip_network

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.sinks.addresses import AddressRefusedError, AddressRule, CheckedResolver

PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"]
INTERNAL = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_free(address: str) -> None:
    assert AddressRule(private=False).permits(ip_address(address))


@pytest.mark.parametrize("address", INTERNAL)
def test_all_others_are_not_in_whatever_form_they_come(address: str) -> None:
    assert not AddressRule(private=False).permits(ip_address(address))


def test_an_operator_may_open_all_or_single_networks() -> None:
    assert AddressRule(private=True).permits(ip_address("10.1.2.3"))
    rule = AddressRule(private=False, networks=[ip_network("10.1.0.0/16")])
    assert rule.permits(ip_address("10.1.2.3"))
    assert rule.permits(ip_address("::ffff:10.1.2.3"))
    assert not rule.permits(ip_address("10.2.2.3"))


@pytest.mark.parametrize("address", ["224.0.0.1", "ff02::1", "0.0.0.0", "::"])
def test_nobody_has_a_webhook_at_a_group_or_at_no_address(address: str) -> None:
    assert not AddressRule(private=True).permits(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "fe80::1%eth0"])
def test_an_address_in_the_url_is_checked_too(host: str) -> None:
    with pytest.raises(AddressRefusedError, match="allow_private_addresses = true"):
        AddressRule(private=False).check(host)


def test_a_name_in_the_url_waits_for_its_resolution() -> None:
    AddressRule(private=False).check("localhost")


class PretendDns(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=it, port=port, family=family, proto=0, flags=0
            )
            for it in self._addresses
        ]

    async def close(self) -> None:
        pass


async def test_a_name_gives_its_permitted_addresses_alone() -> None:
    names = PretendDns("127.0.0.1", "93.184.216.34")
    resolver = CheckedResolver(AddressRule(private=False), names)
    found = await resolver.resolve("both.example", 80)
    assert [it["host"] for it in found] == ["93.184.216.34"]


async def test_a_name_that_leads_inside_is_refused() -> None:
    resolver = CheckedResolver(AddressRule(private=False), PretendDns("127.0.0.1"))
    with pytest.raises(AddressRefusedError, match=r"rebind\.example \(127\.0\.0\.1\)"):
        await resolver.resolve("rebind.example", 80)
