"""Which URLs a service of the merchant may have. Knows no client and resolves no name."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def service_mistake(url: str) -> str | None:
    """What is wrong with the URL of a merchant's service; None where nothing is."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if not host or parts.scheme not in ("http", "https"):
        return "it is no https URL"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or password: give a token by its name instead"
    if parts.fragment:
        return "it has a fragment"
    if parts.scheme == "http" and not _is_loopback(host):
        return "http is for this machine only: use https"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
