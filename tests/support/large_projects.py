"""Projects with one destination that is large in one way: N fields, steps, params, and so on.

What they are for: the work of a check or a build, counted in calls, must grow as N does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

_HEAD = """\
forwardc: 1
name: large
title: A destination that is large in one way
docs: https://docs.large.example.com/api

environments:
{environments}
settings:
  merchant:
    type: string
    description: Merchant account that is charged

params:
  reference:
    type: string
    max_length: 80
    example: ORDER-1
    description: The merchant's order
{params}
secrets:
  large_key:
    description: API key
{secrets}
operations:
{operations}"""
_ENVIRONMENT = "  {name}:\n    base_url: https://{name}.large.example.com/v1\n"
_PARAM = """\
  {name}:
    type: string
    max_length: 9
    example: a
    description: A value of the caller
"""
_SECRET = "  {name}:\n    description: A key of it\n"
_OPERATION = "  {name}:\n    title: Card payment\n    initiator: customer\n    steps:\n{steps}"
_STEP = """\
      {name}:
        request:
          POST: /payments
          headers:
            Authorization: Bearer ${{secrets.large_key}}
{headers}          json:
            merchant: ${{settings.merchant}}
            reference: ${{params.reference}}
            number: ${{card.number}}
            month: ${{card.expiry.MM}}
            year: ${{card.expiry.YYYY}}
{body}        response:
          outputs:
            reference: {{at: /reference, optional: true}}
          outcome: by_status
"""
_IN_PROJECT = """\
  {name}:
    class: {kind}
    vaults:
      checkout: {{processing_channel_id: pc_sandbox0000000000000000000}}
      stripe: {{account: acct_sandbox, api_version: 2026-09-30.endive}}
    settings:
      large: {{merchant: Shop}}
"""
_DEEP: Final = 55
"""Levels of a nested body: some fewer than the reader takes, which are 64 with those around it."""


def _step(name: str = "pay", *, headers: str = "", body: str = "") -> str:
    return _STEP.format(name=name, headers=headers, body=body)


def _lines(line: str, count: int, first: int = 0) -> str:
    return "".join(line.format(n=n) for n in range(first, first + count))


def _operation(steps: str, name: str = "payment") -> str:
    return _OPERATION.format(name=name, steps=steps)


def _destination(
    operations: str, *, params: str = "", secrets: str = "", environments: str = ""
) -> str:
    names = "".join(_ENVIRONMENT.format(name=name) for name in ("sandbox", "production"))
    environments = f"{names}{environments}"
    parts = {"params": params, "secrets": secrets, "operations": operations}
    return _HEAD.format(environments=environments, **parts)


def _fields(count: int) -> str:
    return _destination(_operation(_step(body=_lines("            field{n}: value {n}\n", count))))


def _items(count: int) -> str:
    items = "            items:\n" + _lines("              - {{id: {n}, name: a}}\n", count)
    return _destination(_operation(_step(body=items)))


def _nested(count: int) -> str:
    """Maps in maps, `count` in all: a second column of them where the first one is deep enough."""
    body = ""
    for first in range(0, count, _DEEP):
        levels = min(_DEEP, count - first)
        names = (f"deep{first}", *("deep" for _ in range(levels - 1)))
        body += "".join(f"{' ' * (12 + at)}{name}:\n" for at, name in enumerate(names))
        body += f"{' ' * (12 + levels)}end: a\n"
    return _destination(_operation(_step(body=body)))


def _steps(count: int) -> str:
    first = _step("step0")
    later = "".join(
        _step(f"step{n}", body=f"            before: ${{steps.step{n - 1}.reference?}}\n")
        .replace("${card.number}", "a")
        .replace("${card.expiry.MM}", "a")
        .replace("${card.expiry.YYYY}", "a")
        .replace("      request:", "      deliver: direct\n        request:", 1)
        for n in range(1, count)
    )
    return _destination(_operation(first + later))


def _vault_steps(count: int) -> str:
    return _destination(_operation("".join(_step(f"step{n}") for n in range(count))))


def _params(count: int) -> str:
    params = "".join(_PARAM.format(name=f"p{n}") for n in range(count))
    body = _lines("            field{n}: ${{params.p{n}}}\n", count)
    return _destination(_operation(_step(body=body)), params=params)


def _optional(count: int) -> str:
    params = "".join(
        _PARAM.format(name=f"p{n}").replace("type:", "optional: true\n    type:", 1)
        for n in range(count)
    )
    body = _lines("            field{n}: ${{params.p{n}?}}\n", count)
    return _destination(_operation(_step(body=body)), params=params)


def _secrets(count: int) -> str:
    secrets = "".join(_SECRET.format(name=f"large_s{n}") for n in range(count))
    headers = _lines("            X-Key-{n}: ${{secrets.large_s{n}}}\n", count)
    return _destination(_operation(_step(headers=headers)), secrets=secrets)


def _headers(count: int) -> str:
    headers = _lines("            X-Header-{n}: value {n}\n", count)
    return _destination(_operation(_step(headers=headers)))


def _operations(count: int) -> str:
    names = (f"payment{n}" for n in range(count))
    return _destination("".join(_operation(_step(), name) for name in names))


def _environments(count: int) -> str:
    return _destination(
        _operation(_step()),
        environments="".join(_ENVIRONMENT.format(name=f"test{n}") for n in range(count)),
    )


def _long_expression(count: int) -> str:
    text = "-".join("${params.reference}" for _ in range(count))
    return _destination(_operation(_step(body=f"            long: {text}\n")))


def _lets(count: int) -> str:
    lets = "        let:\n" + _lines("          value{n}: ${{params.reference}}-{n}\n", count)
    step = _step(body=_lines("            field{n}: ${{value{n}}}\n", count))
    return _destination(_operation(step.replace("        request:", f"{lets}        request:", 1)))


def _query(count: int) -> str:
    query = "          query:\n" + _lines("            q{n}: value{n}\n", count)
    return _destination(
        _operation(_step().replace("          json:", f"{query}          json:", 1))
    )


def _rules(count: int) -> str:
    rules = _lines(
        '            - {{when: "${{response.status == {n}}}", is: unknown}}\n', count, 100
    )
    step = _step().replace("outcome: by_status\n", f"outcome:\n{rules}            - is: unknown\n")
    return _destination(_operation(step))


def _outputs(count: int) -> str:
    outputs = _lines("            o{n}: {{at: /o{n}, optional: true}}\n", count)
    return _destination(
        _operation(_step().replace("          outcome:", f"{outputs}          outcome:"))
    )


def _chained_secrets(count: int) -> str:
    """Each header holds two, so that where one is held decides where its neighbour is."""
    secrets = "".join(_SECRET.format(name=f"large_s{n}") for n in range(count + 1))
    headers = "".join(
        f"            X-Key-{n}: ${{secrets.large_s{n}}}-${{secrets.large_s{n + 1}}}\n"
        for n in range(count)
    )
    headers += "            X-First: ${base64(secrets.large_s0)}\n"
    return _destination(_operation(_step(headers=headers)), secrets=secrets)


def _direct_fields(count: int) -> str:
    """Without card data, and called by us: no limit of a vault refuses it."""
    step = _step(body=_lines("            field{n}: value {n}\n", count))
    for name in ("number", "expiry.MM", "expiry.YYYY"):
        step = step.replace(f"${{card.{name}}}", "a")
    return _destination(
        _operation(step.replace("request:", "deliver: direct\n        request:", 1))
    )


def _comments(count: int) -> str:
    return _destination(_operation(_step())) + "# a line of comment\n" * count


def _allows(count: int) -> str:
    """Of each two comments one allows what is there, and one allows nothing."""
    comment = "# forwardc: allow FC0343 they have nine digits"
    lines = "".join(
        f"  order{n}_number: {{type: integer}}  {comment}\n"
        f"  {comment}\n  note{n}: {{type: boolean}}\n"
        for n in range(count)
    )
    names = (name for n in range(count) for name in (f"order{n}_number", f"note{n}"))
    body = "".join(f"            {name}: ${{params.{name}}}\n" for name in names)
    return _destination(_operation(_step(body=body)), params=lines)


KINDS: Final[dict[str, Callable[[int], str]]] = {
    "fields": _fields,
    "fields called directly": _direct_fields,
    "items": _items,
    "levels": _nested,
    "steps": _steps,
    "vault steps": _vault_steps,
    "params": _params,
    "optional params": _optional,
    "secrets": _secrets,
    "secrets in a chain": _chained_secrets,
    "headers": _headers,
    "operations": _operations,
    "environments": _environments,
    "pieces of a text": _long_expression,
    "lets": _lets,
    "query fields": _query,
    "rules": _rules,
    "outputs": _outputs,
    "comments": _comments,
    "comments that allow": _allows,
}
"""What can be many in one destination, and the file with so many of it."""


def write_large_project(root: Path, kind: str, count: int) -> None:
    """A project below `root` with one destination that has `count` of one kind."""
    (root / "destinations").mkdir(parents=True)
    (root / "destinations" / "large.yaml").write_text(KINDS[kind](count))
    more = [f"test{n}" for n in range(count)] if kind == "environments" else []
    places = [("sandbox", "sandbox"), ("production", "production"), *((n, "sandbox") for n in more)]
    environments = "".join(_IN_PROJECT.format(name=name, kind=class_) for name, class_ in places)
    text = f"forwardc: 1\nenvironments:\n{environments}"
    (root / "forwardc.yaml").write_text(text)
