"""Committed files that are made by the code: what names every vault, and what partners read.

`make generated` writes them; a test compares them. The partner API's OpenAPI document is that of a
server that offers Rokt's destination and issues its own tokens. A vault's account is what its
`account.schema.json` says, the hosts of live accounts are those of its facts.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from json.decoder import scanstring
from pathlib import Path

from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.facts import Facts, quick_copy
from forwardc.compile.vaults.registry import vaults
from forwardc.server.payment_sharing.openapi import document_text
from forwardc.server.settings import IssuerSettings

VAULTS = Path("compiler/forwardc/compile/vaults")
ACCOUNT = "account.schema.json"


def project_schema(root: Path) -> str:
    """`schemas/project.schema.json`, with the account of each vault that has one."""
    text = (root / "schemas/project.schema.json").read_text("utf-8")
    accounts = {
        vault.name: path.read_text("utf-8").rstrip()
        for vault in vaults()
        if (path := root / VAULTS / vault.name / ACCOUNT).is_file()
    }
    members = [f'"{name}": {indented(schema, 8)}' for name, schema in accounts.items()]
    inner = ",\n        ".join(members)
    text = replaced(text, ("$defs", "vaults", "properties"), f"{{\n        {inner}\n      }}")
    names = json.dumps([vault.name for vault in vaults()])
    return replaced(text, ("$defs", "target", "properties", "vault", "enum"), names)


def destination_schema(root: Path) -> str:
    """`schemas/destination.schema.json`, with the vaults that can agree to something."""
    text = (root / "schemas/destination.schema.json").read_text("utf-8")
    names = json.dumps([vault.name for vault in vaults() if _holds_cards(vault)])
    return replaced(text, ("$defs", "arrangement", "properties", "vault", "enum"), names)


def _holds_cards(vault: Vault) -> bool:
    return "source_kinds" in vault.facts.data


def live_hosts(root: Path) -> str:
    """`plan/data/live_hosts.json`, with every live host that the facts name."""
    text = (root / "compiler/forwardc/plan/data/live_hosts.json").read_text("utf-8")
    hosts = sorted({host for vault in vaults() for host in live_hosts_of(vault.facts)})
    return replaced(text, ("hosts",), json.dumps(hosts, indent=1).replace("\n", "\n "))


def live_hosts_of(facts: Facts) -> set[str]:
    """Every live host of a vault's facts, an account's own part of one as `*`."""
    data = facts.data
    own = {fact["value"]["production"] for fact in data.get("hosts", {}).values()}
    wide = set(data["live_hosts"]["value"]) if "live_hosts" in data else set()
    listed = [url for fact in data.get("destinations", {}).values() for url in fact["value"]]
    others = {re.sub(r"\[\w+\]", "*", url.partition("/")[0]) for url in listed}
    return own | wide | (others - {"*"})


def partner_api(_root: Path) -> str:
    """`schemas/partner-api.openapi.json`, as `GET /openapi.json` answers it."""
    return document_text(("COM.ROKT.CATALOG",), IssuerSettings())


def quick_facts(root: Path, vault: str) -> str:
    """`facts.json` of a vault, from its `facts.yaml`."""
    return quick_copy((root / VAULTS / vault / "facts.yaml").read_bytes())


GENERATED: dict[str, Callable[[Path], str]] = {
    "schemas/project.schema.json": project_schema,
    "schemas/destination.schema.json": destination_schema,
    "schemas/partner-api.openapi.json": partner_api,
    "compiler/forwardc/plan/data/live_hosts.json": live_hosts,
    **{
        f"{VAULTS.as_posix()}/{vault.name}/facts.json": partial(quick_facts, vault=vault.name)
        for vault in vaults()
    },
}


def indented(text: str, columns: int) -> str:
    """A JSON text with each line but the first moved to the right."""
    return text.replace("\n", "\n" + " " * columns)


def replaced(text: str, path: Sequence[str], value: str) -> str:
    """A JSON text with another value at a path; all else stays as it was written."""
    start, end = 0, len(text)
    for key in path:
        start, end = dict(_members(text, start))[key]
    return text[:start] + value + text[end:]


def _members(text: str, start: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The keys of the object at a place, each with where its value stands."""
    decoder, at = json.JSONDecoder(), _space(text, start)
    assert text[at] == "{"
    at = _space(text, at + 1)
    while text[at] != "}":
        key, at = scanstring(text, at + 1)
        begins = _space(text, _space(text, at) + 1)
        _, at = decoder.raw_decode(text, begins)
        yield key, (begins, at)
        at = _space(text, at)
        at = _space(text, at + 1) if text[at] == "," else at


def _space(text: str, at: int) -> int:
    while text[at].isspace():
        at += 1
    return at


def write(root: Path) -> list[str]:
    """Write what has changed; the paths of it."""
    changed = []
    for path, made in GENERATED.items():
        text = made(root)
        if not (root / path).is_file() or (root / path).read_text("utf-8") != text:
            (root / path).write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    sys.stdout.write("".join(f"{path}\n" for path in write(Path(sys.argv[1]))))
