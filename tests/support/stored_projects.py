"""A project for tests of the store, of destinations that look at each other, and how it is asked.

`books` and `shop` share a vendor's secret, `bank` may call in its sandbox what is live elsewhere,
and `books` has evidence that ends.
"""

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from forwardc.__main__ import main

DAY = "2026-11-20"
PROJECT = """\
forwardc: 1
merchant: {name: Shop of Tests, country: FR}
environments:
  sandbox:
    vaults: {stripe: {account: acct_test, api_version: 2026-09-30.endive}}
    settings:
      shop: {version: 1}
      books: {version: 2}
      bank: {version: 3}
  production:
    vaults: {stripe: {account: acct_live, api_version: 2026-09-30.endive}}
    settings:
      shop: {version: 1}
      books: {version: 2}
vendors:
  press: {secrets: [press_key]}
rules: {FC0335: off}
targets:
  - {vault: stripe, destination: shop, operation: payment}
"""
_DESTINATION = """\
forwardc: 1
name: NAME
title: Card payments of NAME
docs: https://docs.NAME.example/payments
MORE
environments:
  sandbox: {base_url: https://sandbox.NAME.example}
  production: {base_url: https://api.NAME.example}
settings:
  version: {type: integer}
secrets:
  SECRET
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers: {Authorization: "Bearer ${secrets.KEY}", X-Version: "${settings.version}"}
          json: {number: "${card.number}", month: "${int(card.expiry.MM)}", cvc: "${card.cvc?}"}
        response: {outcome: by_status}
"""
OF_VENDOR = "press_key: {owner: press, description: Key of the press}"
EVIDENCE = "pci: {level: 1, attestation: destinations/books.txt, expires: 2026-12-31}"


def destination(name: str, secret: str = "", more: str = "") -> str:
    """The file of a destination, with a secret of its own or of the vendor."""
    own = secret or f"{name}_key: {{description: Key of {name}}}"
    text = _DESTINATION.replace("SECRET", own).replace("KEY", own.partition(":")[0])
    return text.replace("NAME", name).replace("MORE\n", f"{more}\n" if more else "")


def write_project(folder: Path) -> Path:
    """The project, in a folder that is made."""
    (folder / "destinations").mkdir(parents=True)
    files = {
        "forwardc.yaml": PROJECT,
        "destinations/shop.yaml": destination("shop", OF_VENDOR),
        "destinations/books.yaml": destination("books", OF_VENDOR, EVIDENCE),
        "destinations/books.txt": "Attestation of Compliance\n",
        "destinations/bank.yaml": destination("bank"),
    }
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    exit_code: int
    out: str
    err: str


def asked(project: Path, *arguments: str) -> Answer:
    """What `forwardc` says, as it is typed in a project."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(project)
        patch.setattr(sys, "argv", ["forwardc", *arguments])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def tree(folder: Path, names: Sequence[str] = ("build",)) -> dict[str, bytes]:
    """Every file below these folders of a project, with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in names
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    }
