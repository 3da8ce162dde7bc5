"""`forwardc serve` as a process of its own, before a sandbox whose answers a test can hold back."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import forked
from forwardc.sandbox.app import create_app
from forwardc.sandbox.world import World
from forwardc.server.oauth.server_keys import keys_of
from forwardc.server.oauth.token_endpoint import EmbeddedIssuer
from loopback import served
from patience import LONG_S, until

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = [sys.executable, "-P", "-m", "forwardc", "serve"]
NAME = "COM.ROKT.CATALOG"
PATH = "/v1/initiate-payment-sharing"
EMAIL = "jane.roe@example.com"
SOURCE = "src_visa_approved0000000000000"
# Its name is the issuer's, whatever the port is.
NAMED = 'names = ["pay.shop.example"]'
DECLINED = "src_visa_declined0000000000000"
SETTINGS = """\
forwardc = 1

[server]
port = 0
{server}

[run]
environment = "sandbox"
build = "{build}"
sandbox = "{sandbox}"

[destinations."COM.ROKT.CATALOG"]
run = "rokt.share"
reference_param = "reference"

[lookup]
kind = "csv"
file = "references.csv"

{more}
"""


def reference(number: int) -> str:
    """A payment reference that nobody guesses, as far as a file of tests can have one."""
    return f"pay_8sYxqGm2Wv4Kd93Lq{number:03}Zt"


@dataclass
class Vault:
    """The sandbox, which counts forwards, and holds their answers back while `held` is set."""

    app: Any
    forwards: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/forward"):
            self.forwards += 1
            if self.held.is_set():
                await asyncio.to_thread(self.free.wait, 2 * LONG_S)
        await self.app(scope, receive, send)


@dataclass
class Server:
    """A process that serves."""

    process: "subprocess.Popen[str]"
    shop: "Shop"
    url: str = ""
    said: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def call(self, number: int = 1, token: str | None = None, **more: Any) -> httpx.Response:
        """Share a payment, by default with a token that is good."""
        with self.client() as client:
            return client.post(PATH, **self.shop.request(number, token), **more)

    def client(self, **more: Any) -> httpx.Client:
        # Without TLS no certificate is looked at: to load all that are trusted costs 20 ms.
        options = {"verify": self.url.startswith("https:"), **more}
        return httpx.Client(base_url=self.url, trust_env=False, timeout=LONG_S, **options)

    def calls(self) -> list[dict[str, Any]]:
        """The log's lines of calls."""
        found = [json.loads(line) for line in self.lines if line.startswith("{")]
        return [line for line in found if line["event"] == "call"]

    def told(self, client: str, outcome: str) -> dict[str, Any]:
        """The line of the last such call, once it has been written and read."""

        def lines() -> list[dict[str, Any]]:
            return [
                line
                for line in self.calls()
                if (line.get("client"), line.get("outcome")) == (client, outcome)
            ]

        until(lines, lambda: "".join(self.lines))
        return lines()[-1]

    def stop(self) -> int:
        """Ask it to stop, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LONG_S)


@dataclass
class Shop:
    """A merchant's folder: settings, references, history, keys."""

    folder: Path
    vault: Vault
    sandbox: str

    def request(self, number: int = 1, token: str | None = None) -> dict[str, Any]:
        """The arguments of a request that is right."""
        body = {
            "partnerPaymentReference": reference(number),
            "destination": NAME,
            "customerIdentifiers": {"email": EMAIL},
        }
        return {"json": body, "headers": {"Authorization": f"Bearer {token or self.token()}"}}

    def write(self, server: str = "", more: str = "") -> Path:
        """Write the settings and the file of references."""
        text = SETTINGS.format(server=server, more=more, build=ROOT / "build", sandbox=self.sandbox)
        path = self.folder / "forwardc-server.toml"
        path.write_text(text, encoding="utf-8")
        rows = [f"{reference(n)},checkout,{SOURCE},{EMAIL}" for n in range(1, 100)]
        rows.append(f"{reference(100)},checkout,{DECLINED},{EMAIL}")
        header = "reference,vault,source,identifier.email"
        (self.folder / "references.csv").write_text("\n".join([header, *rows, ""]))
        return path

    def token(self, scope: str = "payment-sharing", client: str = "rokt-test") -> str:
        """A token of the server's own issuer, made with its keys."""
        path = self.folder / ".forwardc" / "server-keys.json"
        keys = keys_of(path.read_text(), path.name)
        return EmbeddedIssuer("https://pay.shop.example", "forwardc", 600, keys).token(
            client, {scope}
        )

    @contextmanager
    def serving(self, *arguments: str, **environment: str) -> Iterator[Server]:
        """A server until the block ends, by whatever way it ends then."""
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            server = Server(process, self)
            reading = threading.Thread(target=_read, args=(process.stderr, server.lines))
            reading.start()
            try:
                server.url = _address(process, server)
                _wait(server)
                yield server
            finally:
                self.vault.free.set()
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(LONG_S)
                    except subprocess.TimeoutExpired:
                        process.kill()
                reading.join(LONG_S)

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """`forwardc` with these arguments, in this folder."""
        return forked.forwardc(arguments, self.folder, self.environment(**environment))

    def run_anew(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """The same in a Python that starts, and imports what stands in its path."""
        return subprocess.run(
            [sys.executable, "-m", "forwardc", *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def environment(self, **more: str) -> dict[str, str]:
        known = {name: value for name, value in os.environ.items() if "FORWARDC" not in name}
        ours = {"PYTHONPATH": str(ROOT / "compiler"), "FORWARDC_TODAY": "2026-11-20"}
        return {**known, **ours, **more}


def _address(process: "subprocess.Popen[str]", server: Server) -> str:
    assert process.stdout
    for line in process.stdout:
        server.said.append(line)
        if found := re.fullmatch(r"serving on (https?://\S+)\n", line):
            return found[1]
    raise AssertionError("".join(server.lines))


def _wait(server: Server) -> None:
    """Wait until a worker answers."""
    with httpx.Client(base_url=server.url, trust_env=False, verify=False) as client:  # noqa: S501 - loopback

        def answers() -> bool:
            try:
                return bool(client.get("/health"))
            except httpx.TransportError:
                return False

        until(answers, lambda: "".join(server.lines))


def _read(stream: Any, lines: list[str]) -> None:
    lines.extend(iter(stream.readline, ""))


@contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    """A shop over a sandbox of its own."""
    vault = Vault(create_app(World()))
    with served(vault) as sandbox:
        yield Shop(folder, vault, sandbox)
        vault.free.set()
