"""Says which of the vendors' clients and contracts have newer versions: `make facts`.

It changes nothing and fails nothing, also where nobody can be asked: a version is raised on
purpose, when the table of docs/clients.md has been read.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import stripe
from packaging.version import InvalidVersion, Version

from clients import install
from clients.node import locked_version

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT.parent / "shared" / "contracts"
EMULATOR = ROOT / "compiler" / "forwardc" / "sandbox"
PYTHON, NODE = ("stripe", "checkout-sdk"), ("stripe", "checkout-sdk-node")
UNASKED = "nobody could be asked"


def main() -> int:
    """Print a line for each client and each contract. Always 0."""
    for what, pinned, remark in (*clients(), *contracts()):
        sys.stdout.write(f"{what:<34} {pinned:<18} {remark}\n")
    return 0


def clients() -> Iterator[tuple[str, str, str]]:
    """Each client with its pinned version, and what its registry says."""
    with ThreadPoolExecutor() as pool:
        asked = [
            *(
                (f"{name} (Python)", version(name), pool.submit(newest_python, name))
                for name in PYTHON
            ),
            *(
                (f"{name} (Node.js)", locked_version(name), pool.submit(newest_node, name))
                for name in NODE
            ),
        ]
        for what, pinned, newest in asked:
            yield what, pinned, compared(pinned, newest.result())


def contracts() -> Iterator[tuple[str, str, str]]:
    """Each API version: what the clients speak, the sandbox emulates, and the contracts are of."""
    spoken = {"stripe (Python)": str(stripe.api_version), "stripe (Node.js)": node_speaks()}
    newest = max(spoken.values())
    for what, speaks in spoken.items():
        yield f"API of {what}", speaks or "-", "the pinned client's" if speaks else "not installed"
    emulated = re.search(
        r'(?m)^VERSION = "(.*)"', (EMULATOR / "stripe" / "account.py").read_text(encoding="utf-8")
    )
    yield "Stripe, emulated", *_dated(emulated[1] if emulated else "-", newest)
    if not CONTRACTS.is_dir():
        yield "contracts", "-", "they are not beside the checkout"
    for path in sorted(CONTRACTS.glob("*.json")):
        of = str(json.loads(path.read_text(encoding="utf-8"))["info"]["version"])
        remark = "no client says a version of this API"
        yield path.name, *(_dated(of, newest) if path.name.startswith("stripe") else (of, remark))


def newest_python(name: str) -> str | None:
    """The newest release of a Python package, as pip's index says; None where it cannot."""
    options = ["--json", "--no-input", "--disable-pip-version-check", "--retries=0", "--timeout=15"]
    said = _output([sys.executable, "-m", "pip", "index", "versions", name, *options])
    try:
        return str(json.loads(said)["latest"])
    except (ValueError, KeyError, TypeError):
        return None


def newest_node(name: str) -> str | None:
    """The newest release of a Node.js package, as npm's registry says; None where it cannot."""
    options = ["--json", "--fetch-retries=0", "--fetch-timeout=15000", "--loglevel=silent"]
    try:
        said = (_output([*npm, "view", name, "version", *options]) for npm in install.npm())
        found = json.loads(next(filter(None, said), ""))
    except (install.NoNodeError, ValueError):
        return None
    return found if isinstance(found, str) else None


def node_speaks() -> str:
    """The API version of Stripe's client for Node.js, empty where it is not installed."""
    try:
        path = install.installed() / "node_modules" / "stripe" / "esm" / "apiVersion.js"
        found = re.search(r"ApiVersion = '([^']+)'", path.read_text(encoding="utf-8"))
    except (install.NoNodeError, OSError):
        return ""
    return found[1] if found else ""


def compared(pinned: str, newest: str | None) -> str:
    """The remark on a pinned version."""
    try:
        newer = newest is not None and Version(newest) > Version(pinned)
    except InvalidVersion:
        newest, newer = None, False
    if newest is None:
        return UNASKED
    return f"newer: {newest}" if newer else "the newest"


def _dated(of: str, newest: str) -> tuple[str, str]:
    return of, f"newer: {newest}, as a client speaks" if of < newest else "the newest"


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - pip and npm, and names of ours
            command, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
