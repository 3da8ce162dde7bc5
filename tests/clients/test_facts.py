"""`make facts`: newer versions of clients and contracts are printed, and nothing fails."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clients.node import locked_version

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "requirements" / "facts.py"
# The processes of pip and npm take seconds: one worker asks.
pytestmark = pytest.mark.xdist_group("facts")
VERSION = r"\d+(?:\.\d+)*|\d{4}-\d{2}-\d{2}\.[a-z]+|-"
LINE = re.compile(rf"(\S.*?) +({VERSION}) +(.*)")


@contextmanager
def registry(versions: dict[str, str]) -> Iterator[str]:
    """A registry of pip and npm alike that knows these releases; its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").removeprefix("simple/")
            release = versions.get(name)
            body, kind = b"", "text/html"
            if release is not None and self.path.startswith("/simple/"):
                file = f"{name.replace('-', '_')}-{release}-py3-none-any.whl"
                body = f'<!DOCTYPE html><a href="/{file}">{file}</a>'.encode()
            elif release is not None:
                known = {"name": name, "dist-tags": {"latest": release}}
                about = {"name": name, "version": release, "dist": {"tarball": "", "shasum": ""}}
                body, kind = (
                    json.dumps(known | {"versions": {release: about}}).encode(),
                    "application/json",
                )
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def facts(url: str, tmp_path: Path) -> dict[str, tuple[str, str]]:
    """What the script says of each client and contract, asked at this registry alone."""
    (tmp_path / "npmrc").touch()
    asked = {
        "PYTHONPATH": str(ROOT / "tests" / "support") + os.pathsep + str(ROOT / "compiler"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{url}/simple",
        "PIP_TRUSTED_HOST": "127.0.0.1",
        "npm_config_registry": url,
        "npm_config_userconfig": str(tmp_path / "npmrc"),
        "npm_config_cache": str(tmp_path / "npm"),
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, env=asked, check=True
    )
    lines = [LINE.fullmatch(line) for line in done.stdout.splitlines()]
    assert all(lines), done.stdout
    return {line[1]: (line[2], line[3]) for line in lines if line}


@pytest.fixture(scope="module")
def unasked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What is said where no registry is within reach."""
    return facts("http://127.0.0.1:9", tmp_path_factory.mktemp("unasked"))


def test_nobody_can_be_asked(unasked: dict[str, tuple[str, str]]) -> None:
    names = ["stripe (Python)", "checkout-sdk (Python)", "stripe (Node.js)"]
    remarks = [unasked[name][1] for name in (*names, "checkout-sdk-node (Node.js)")]
    assert remarks == ["nobody could be asked"] * 4
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}\.[a-z]+", unasked["API of stripe (Python)"][0])


def test_what_is_newer_is_named(tmp_path: Path, node_clients: None) -> None:
    pinned = locked_version("checkout-sdk-node")
    known = {"stripe": "99.1.0", "checkout-sdk": "0.1.0", "checkout-sdk-node": pinned}
    with registry(known) as url:
        said = facts(url, tmp_path)
    assert said["stripe (Python)"][1] == "newer: 99.1.0"
    assert said["stripe (Node.js)"][1] == "newer: 99.1.0"
    assert said["checkout-sdk (Python)"][1] == "the newest"
    assert said["checkout-sdk-node (Node.js)"] == (pinned, "the newest")


def test_a_contract_that_is_older_than_what_a_client_speaks(
    unasked: dict[str, tuple[str, str]],
) -> None:
    if not (ROOT.parent / "shared" / "contracts").is_dir():
        pytest.skip("needs the shared material: contracts is not beside the checkout")
    of, remark = unasked["stripe-openapi-subset.dahlia.json"]
    assert remark.startswith("newer: "), of
    assert unasked["adyen-checkout-v71-mini.json"][0] == "71"
