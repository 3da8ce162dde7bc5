"""A small project in a folder of its own, and what compiling it says and makes."""

from dataclasses import dataclass
from typing import Any

from forwardc.compile.compiled import Compiled
from forwardc.compile.vaults.encode import encode
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink

ACCOUNTS = """\
forwardc: 1
merchant: {name: Shop of Tests}
environments:
  sandbox: {vaults: {stripe: {account: acct_test, api_version: 2026-09-30.endive}}}
  production: {vaults: {stripe: {account: acct_live, api_version: 2026-09-30.endive}}}
"""
SHOP = """\
forwardc: 1
name: shop
title: Card payments of a shop
docs: https://docs.shop.example/payments
environments:
  sandbox: {base_url: https://sandbox.shop.example}
  production: {base_url: https://api.shop.example}
params:
  note: {type: string, example: A note, optional: true}
secrets:
  shop_key: {description: Key of the shop}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers:
            Authorization: Bearer ${secrets.shop_key}
            X-Note: ${params.note?}
            X-Version: 2
          json:
            cards:
              - number: ${card.number}
                month: ${int(card.expiry.MM)}
                year: ${card.expiry.YYYY}
                cvc: ${card.cvc?}
        response: {outcome: by_status}
"""


@dataclass(frozen=True)
class Project:
    """One compiled project."""

    compiled: Compiled
    sink: Sink

    def found(self, severity: Severity = Severity.ERROR) -> list[str]:
        """`CODE file:line message` of every diagnostic of a severity."""
        return [
            f"{one.code} {one.span.path}:{one.span.start.line} {one.message}"
            if one.span
            else f"{one.code} {one.message}"
            for one in self.sink.sorted()
            if one.severity is severity
        ]

    @property
    def errors(self) -> list[str]:
        return self.found()

    @property
    def warnings(self) -> list[str]:
        return self.found(Severity.WARNING)

    def files(self) -> dict[str, Any]:
        """The files of `build/`, encoded, by path below it."""
        return {path: encode(content) for path, content in self.compiled.documents().items()}
