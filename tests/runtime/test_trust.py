"""Nobody reads along: the file of SSLKEYLOGFILE is never opened, let alone written."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certificates import self_signed
from forwardc.runtime.http.addresses import is_loopback
from forwardc.runtime.http.connection_pool import network_pool
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import HttpAnswer, Sender, SendLimits
from forwardc.runtime.http.tls import named_authorities, operators_authorities, public_authorities
from forwardc.runtime.secret_providers.hashicorp import HashicorpProvider
from forwardc.server.directory.http_directory import HttpDirectory
from forwardc.server.oauth.remote_keys import open_remote_keys


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    return path


def test_python_would_open_it(keys: Path) -> None:
    assert ssl.create_default_context().keylog_filename == str(keys)
    assert keys.exists()


@pytest.mark.parametrize(
    "make", [public_authorities, operators_authorities, lambda: named_authorities(None)]
)
def test_no_context_of_ours_does(make: Callable[[], ssl.SSLContext], keys: Path) -> None:
    context, usual = make(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert context.keylog_filename is None
    assert not keys.exists()
    # Else it is as Python's own.
    monkey = ssl.create_default_context()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.verify_flags == monkey.verify_flags
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert usual.check_hostname


def test_a_connection_from_end_to_end(serve: Any, keys: Path, tmp_path: Path) -> None:
    """Client and server: uvicorn makes the context of `forwardc serve`, too."""
    certificate, key = self_signed(tmp_path, "127.0.0.1")

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    with serve(app, ssl_certfile=certificate, ssl_keyfile=key) as url:
        place = url.rpartition("/")[2]

        async def go() -> object:
            lanes = network_pool(is_loopback, named_authorities(str(certificate)))
            async with Sender(lanes) as sender:
                address = f"https://{place}/"
                asked = ShownRequest("GET", address, (), None)
                bound = BoundRequest("GET", address, (), None, asked)
                return await sender.send(bound, {place}, SendLimits(2, 2, 1000))

        assert isinstance(asyncio.run(go()), HttpAnswer)
    assert not keys.exists()


def test_no_client_of_ours_opens_it(keys: Path) -> None:
    async def make() -> None:
        async with Sender():
            await HttpDirectory("https://shop.example/references", None, timeout=1).close()
            await open_remote_keys("https://issuer.example/jwks", ["RS256"]).close()

    asyncio.run(make())
    HashicorpProvider({})._trust()
    assert not keys.exists()


def test_commands_do_not_hand_it_on(keys: Path) -> None:
    """boto3, the exporter of traces and what a command starts would write there."""
    code = (
        "import os; from forwardc.cli.main import run; run(['--version']);"
        "print(os.environ.get('SSLKEYLOGFILE'))"
    )
    shown = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"SSLKEYLOGFILE": str(keys)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines()[-1] == "None"
    assert not keys.exists()
