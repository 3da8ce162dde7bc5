"""What can be wrong with where a server is served: TLS files, and addresses that trust too much.

Opens no socket. Nothing of a key is in a message.
"""

import os
import ssl
import stat
from pathlib import Path

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.kinds import TLS
from forwardc.core.files.operator_file import check_plain
from forwardc.server.http.addresses import LOOPBACK, Network
from forwardc.server.settings import ListenSettings, ServerSettings

_CODE = "FC0832"
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


def check_serving(settings: ServerSettings, sink: Sink) -> None:
    """Report TLS files that cannot be used, and warn of what lets too many in."""
    serving, admit = settings.server, settings.admit
    if serving.tls_certificate is not None and serving.tls_key is not None:
        _check_files(serving.tls_certificate, serving.tls_key, sink)
    elif serving.host not in LOCAL and not admit.trusted_proxies:
        sink.warning(
            _CODE,
            "server.host: other machines reach this server without TLS",
            hint="set tls_certificate and tls_key, or name the proxy that adds TLS in"
            " admit.trusted_proxies",
        )
    if serving.host not in LOCAL and not serving.names:
        sink.warning(
            _CODE,
            "server.names: the server answers to no name that other machines call it by",
            hint='name it as callers do: names = ["pay.shop.example"]',
        )
    for name in ("allow", "callbacks", "staff"):
        given: tuple[Network, ...] = getattr(admit, name)
        if _overlap(given or LOOPBACK, admit.trusted_proxies):
            sink.warning(
                _CODE,
                f"admit.{name}: it lets in an address of admit.trusted_proxies",
                hint="a proxy that does not tell whom it speaks for would let everybody in",
            )


def _overlap(left: tuple[Network, ...], right: tuple[Network, ...]) -> bool:
    return any(
        one.version == other.version and one.overlaps(other) for one in left for other in right
    )


def _check_files(certificate: Path, key: Path, sink: Sink) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name, path in (("tls_certificate", certificate), ("tls_key", key)):
        try:
            check_plain(path, TLS)
        except FileNotFoundError:
            sink.error(_CODE, f"server.{name}: there is no such file")
            return
        except OSError as problem:
            sink.error(_CODE, f"server.{name}: the file cannot be read: {problem.strerror}")
            return
    try:
        # Without a password, OpenSSL would ask the terminal for one.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except OSError:
        sink.error(
            _CODE,
            "server.tls_certificate: the certificate and the key cannot be used together",
            hint="both are PEM; the key belongs to the first certificate, and has no password",
        )
        return
    if os.name == "posix" and key.stat().st_mode & stat.S_IRWXO:
        sink.warning(
            _CODE,
            "server.tls_key: everybody on this machine may read or change the key",
            hint="chmod 600 lets only its owner; then have a new one, for this one was open",
        )


def is_tls(serving: ListenSettings) -> bool:
    """Whether the server itself speaks TLS."""
    return serving.tls_certificate is not None
