"""`make audit` says what it found, and NOT AUDITED where it could not look."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOLE = {
    "id": "PYSEC-2019-217",
    "summary": "made up",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}


@contextmanager
def knowing(holes: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A service like OSV, which knows these holes by `name version`; its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hole = holes.get(f"{asked['package']['name']} {asked['version']}")
            body = json.dumps({"vulns": [hole]} if hole else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()


def audit(url: str) -> tuple[int, str]:
    command = [sys.executable, "requirements/audit.py"]
    options = ["--vulnerability-service", "osv", "--osv-url", url]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def version_of(name: str) -> str:
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    return lock.partition(f"\n{name}==")[2].split()[0]


def test_all_looked_up_and_nothing_known() -> None:
    with knowing({"jinja2 2.10": HOLE}) as url:
        code, said = audit(url)
    assert code == 0
    assert said.startswith("audited: ")
    assert said.endswith(" packages, 0 with known holes\n")


def test_a_known_hole_is_named() -> None:
    version = version_of("httpx")
    with knowing({"jinja2 2.10": HOLE, f"httpx {version}": HOLE | {"id": "PYSEC-1"}}) as url:
        code, said = audit(url)
    assert code == 1
    assert f"httpx {version}: PYSEC-1, fixed in " in said
    assert "1 with known holes" in said


def test_who_knows_no_hole_at_all_has_not_been_asked() -> None:
    with knowing({}) as url:
        code, said = audit(url)
    assert (code, said.partition(":")[0]) == (2, "NOT AUDITED")
    assert "audited: " not in said


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1/query"])
def test_who_cannot_be_reached_has_not_been_asked(url: str) -> None:
    code, said = audit(url)
    assert (code, said.partition(":")[0]) == (2, "NOT AUDITED")
    assert "audited: " not in said
