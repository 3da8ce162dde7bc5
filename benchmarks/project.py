"""Generates a project of N destinations of 117 lines each, with its own forwardc.yaml.

Knows the destination language, and nothing of what measures it.
"""

import subprocess
from pathlib import Path

_CARD_FIELDS = {
    "number": "card.number",
    "expiryMonth": "card.expiry.MM",
    "expiryYear": "card.expiry.YYYY",
    "cvc": "card.cvc?",
    "holderName": "card.holder_name?",
}
_BILLING_FIELDS = {
    "street": "billing.line1?",
    "houseNumberOrName": "billing.line2?",
    "city": "billing.city?",
    "postalCode": "billing.postal_code?",
    "stateOrProvince": "billing.state?",
    "country": "billing.country?",
}
_LITERALS = {
    "channel": "Web",
    "captureDelayHours": "0",
    "captureMode": "automatic",
    "storePaymentMethod": "false",
    "enableRecurring": "true",
    "riskProfile": "standard",
    "riskScoreOffset": "12",
    "threeDSVersion": '"2.2.0"',
    "merchantCategory": '"5942"',
    "originKey": "pub.v2.shop",
    "locale": "nl_NL",
    "salesChannel": "web-shop",
    "orderVersion": "3",
    "discount": "1.50",
}
_HEAD = """\
# yaml-language-server: $schema=../schemas/destination.schema.json
forwardc: 1
name: {name}
title: Generated destination {number}, card payments
docs: https://docs.{host}/api/payments

environments:
  sandbox:
    base_url: https://sandbox.{host}/v1
  production:
    base_url: https://${{settings.live_prefix}}.{host}/v1

settings:
  merchant_account:
    type: string
    min_length: 1
    max_length: 80
    description: Merchant account that is charged
  live_prefix:
    type: string
    pattern: "^[a-z0-9-]+$"
    description: Prefix of the live host

params:
  amount:
    type: amount
    minimum: 1
    example: 1000
    description: Amount in minor units
  currency:
    type: currency
    example: EUR
    description: Three letters of ISO 4217
  reference:
    type: string
    min_length: 1
    max_length: 80
    pattern: "^[ -~]+$"
    example: ORDER-1001
    description: The merchant's order

secrets:
  {name}_api_key:
    description: API key of the web service user
  {name}_client_id:
    description: Id of the client that calls

operations:
  payment:
    title: Card payment, the shopper is there
    initiator: customer
    steps:
      pay:
        idempotent:
          header: Idempotency-Key
        request:
          POST: /merchants/payments
          headers:
            Authorization: Bearer ${{secrets.{name}_api_key}}
            X-Client-Id: ${{secrets.{name}_client_id}}
            X-Api-Version: "2026-09-30"
            X-Request-Id: ${{run.id}}
          json:
            merchantAccount: ${{settings.merchant_account}}
            reference: ${{params.reference}}
            amount:
              value: ${{params.amount}}
              currency: ${{params.currency}}
            paymentMethod:
              type: scheme
"""
_TAIL = """\
        response:
          outputs:
            psp_reference:
              at: /pspReference
              optional: true
            result_code:
              at: /resultCode
              optional: true
          outcome:
            - when: ${response.status >= 500}
              is: unknown
            - when: ${response.status >= 400}
              is: rejected
            - when: "${response.json['resultCode'] in ['Authorised', 'Settled']}"
              is: approved
            - when: "${response.json['resultCode'] == 'Refused'}"
              is: declined
            - when: "${response.json['resultCode'] in ['Redirect', 'Received']}"
              is: pending
            - is: unknown
"""
_STEP = """\
      pay{number}:
        request:
          POST: /merchants/payments/{number}
          json:
            reference: ${{params.reference}}
            number: ${{card.number}}
            expiryMonth: ${{card.expiry.MM}}
            expiryYear: ${{card.expiry.YYYY}}
        response:
          outcome:
            - when: ${{response.status == 200}}
              is: approved
"""


def destination(number: int) -> str:
    """The YAML of one destination."""
    name, host = _name(number), f"psp{number}.example.com"
    lines = [_HEAD.format(name=name, number=number, host=host)]
    lines += [f"              {key}: ${{{value}}}\n" for key, value in _CARD_FIELDS.items()]
    lines.append("            billingAddress:\n")
    lines += [f"              {key}: ${{{value}}}\n" for key, value in _BILLING_FIELDS.items()]
    lines.append("            additionalData:\n")
    lines += [f"              {key}: {value}\n" for key, value in _LITERALS.items()]
    lines.append(_TAIL)
    return "".join(lines)


def generate(folder: Path, count: int, *, mistakes: int = 0) -> Path:
    """Write a project of `count` destinations, the first `mistakes` of them with a mistake each.

    Returns the folder. A mistake is the name of a param that is not declared.
    """
    (folder / "destinations").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        text = destination(number)
        if number < mistakes:
            text = text.replace("${params.reference}", "${params.refrence}")
        (folder / "destinations" / f"{_name(number)}.yaml").write_text(text, encoding="utf-8")
    (folder / "forwardc.yaml").write_text(_project(count), encoding="utf-8")
    return folder


def add_header(folder: Path, count: int) -> None:
    """Give the first `count` destinations of a generated project one header more."""
    for number in range(count):
        path = folder / "destinations" / f"{_name(number)}.yaml"
        text = path.read_text(encoding="utf-8")
        more = text.replace("X-Api-Version:", "X-Shop: main\n            X-Api-Version:")
        path.write_text(more, encoding="utf-8")


def edit(folder: Path, word: str) -> None:
    """Change one literal in the first destination of a generated project."""
    path = folder / "destinations" / f"{_name(0)}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line.lstrip().startswith("riskProfile:"))
    lines[place] = f"              riskProfile: {word}\n"
    path.write_text("".join(lines), encoding="utf-8")


def generate_large(folder: Path, *, fields: int = 0, steps: int = 1) -> Path:
    """Write a project of one destination with many fields in its body, or with many steps.

    Fields take the card's places, since no vault carries so long a body: it is sent directly. The
    further steps are short, for the size of a file, and without the CVC, which serves once.
    """
    root = generate(folder, 1)
    path = root / "destinations" / f"{_name(0)}.yaml"
    head, mark, step = path.read_text(encoding="utf-8").partition("      pay:\n")
    if fields:
        more = "".join(f"              field{number}: value {number}\n" for number in range(fields))
        step = _without(step, "${card.", "${billing.", "billingAddress:")
        step = step.replace("              channel: Web\n", f"              channel: Web\n{more}")
    named = (_STEP.format(number=number) for number in range(1, steps))
    path.write_text("".join((head, mark, step, *named)), encoding="utf-8")
    return root


def _without(text: str, *parts: str) -> str:
    """The lines that hold none of these parts."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not any(part in line for part in parts))


def commit(folder: Path) -> None:
    """Make a git repository of a project with one commit of all its files."""
    identity = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.com")
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "All")):
        subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(folder), *identity, *arguments],  # noqa: S607 - as users call it
            check=True,
        )


def _name(number: int) -> str:
    return f"psp_{number:04}"


def _project(count: int) -> str:
    lines = ["forwardc: 1", "destinations: destinations", "build: build", "environments:"]
    for environment in ("sandbox", "production"):
        lines += [
            f"  {environment}:",
            "    vaults:",
            f"      checkout: {{processing_channel_id: pc_{environment:0<26}, prefix: shop}}",
            f"      stripe: {{account: acct_{environment}, api_version: 2026-09-30.endive}}",
            "    settings:",
        ]
        lines += [
            f"      {_name(number)}: {{merchant_account: Shop, live_prefix: live-{number}}}"
            for number in range(count)
        ]
    return "\n".join(lines) + "\n"
