"""Which hosts only this machine reaches."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether `host`, an address or a name, is this machine to itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
