"""Compiles a destination as `forwardc check FILE` does, and binds its plan to given values.

Written apart from the runtime, so that the two can disagree: a plan and a scope are all it uses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from forwardc.compile.ir.program import Program
from forwardc.compile.language import yaml_reader
from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.schema import validate
from forwardc.compile.passes.check import check
from forwardc.compile.passes.lower import lower
from forwardc.compile.vaults.assess import Assessment, VaultAccount, assess
from forwardc.compile.vaults.encode import to_bytes
from forwardc.compile.vaults.plan_file import plan_file
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.reading import read_part
from forwardc.core.instrument import INSTRUMENT
from forwardc.core.terms.codec import from_json
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import ComputationError, Scope, TextTooLongError, evaluate
from forwardc.core.terms.money import MONEY
from forwardc.core.terms.terms import Call, Lit, Ref, Term, Text, rewrite, walk
from forwardc.core.terms.values import is_absent
from forwardc.plan.environment import EnvironmentClass, implied
from forwardc.plan.parts import PlanMoney

Json = Any
ACCOUNTS: dict[str, dict[str, str]] = {
    "checkout": {"processing_channel_id": "pc_abcdefghijklmnopqrstuvwxyz"},
    "stripe": {"account": "acct_1", "api_version": "2026-09-30.endive"},
    "direct": {},
}
SOURCES = {
    "checkout": "src_abcdefghijklmnopqrstuvwxyz",
    "stripe": "pm_1AbCdEf",
}
RUN = {
    "run.id": "11111111-2222-4333-8444-555555555555",
    "run.now": datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC),
    "run.idempotency_key": "destination-key-1",
    "run.nonce": "0123456789abcdef0123456789abcdef",
    "vault.api_key": "VAULT-API-KEY",
    "vault.idempotency_key": "vault-key-1",
    "vault.jwk": "VAULT-JWK",
}


@dataclass(frozen=True)
class Run:
    """What a caller gives for one run."""

    source: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    reference: str = "reference-1"


def read_program(
    data: bytes,
    sink: Sink,
    *,
    environment: EnvironmentClass = "sandbox",
    settings: Mapping[str, Any] | None = None,
    path: str = "destination.yaml",
) -> Program | None:
    """The checked program of one file; None where it cannot be read. Problems are in the sink."""
    node = yaml_reader.read(path, data, sink)
    if node is None or not validate("destination", node, sink):
        return None
    destination = read_destination(node, sink)
    if destination is None or sink.has_errors:
        return None
    known = {name: spec.default for name, spec in destination.settings.items() if spec.default}
    known |= {name: Lit(value) for name, value in (settings or {}).items()}
    program = lower(destination, implied(environment), known)
    check(program, destination.root, sink)
    return program


def program_of(text: str | bytes, **options: Any) -> Program:
    """The program of a file without mistakes."""
    sink = Sink()
    program = read_program(text.encode() if isinstance(text, str) else text, sink, **options)
    problems = [f"{found.code} {found.message}" for found in sink.sorted()]
    assert program is not None, problems
    assert problems == []
    return program


def codes_of(text: str) -> list[str]:
    """The codes of the mistakes that a file has, sorted by place."""
    sink = Sink()
    read_program(text.encode(), sink)
    return [found.code for found in sink.sorted()]


def assessed(
    program: Program, vault: str, account: Mapping[str, str] | None = None
) -> list[Assessment]:
    """What a vault makes of every operation."""
    (found,) = (known for known in vaults() if known.name == vault)
    granted = VaultAccount(account or ACCOUNTS[vault])
    return [assess(found, program, op, granted) for op in program.operations]


def plan_of(program: Program, vault: str, account: Mapping[str, str] | None = None) -> Json:
    """The plan as JSON read back from its bytes, or None where all is refused."""
    group = assessed(program, vault, account)
    plan = plan_file(group[0].vault, program, group)
    return None if plan is None else json.loads(to_bytes(plan))


def findings_of(program: Program, vault: str) -> list[str]:
    """`FC0611 degraded: reason`, for every finding of every operation."""
    return [
        f"{found.code} {found.verdict}: {found.reason}"
        for one in assessed(program, vault)
        for found in one.findings
    ]


def bind(plan: Json, operation: str, run: Run, *, reveal: bool = True) -> list[Json]:
    """Every step's request as data, with the vault's call and its body parsed for reading.

    A step that these values cannot be sent with is `{"cannot be sent": why}`.
    """
    scope = _scope(plan, plan["operations"][operation], run, reveal)
    return [_step(plan, step, scope) for step in plan["operations"][operation]["steps"]]


def _step(plan: Json, step: Json, scope: Scope) -> Json:
    try:
        return _request(plan, step, scope)
    except (NotExpressibleError, TextTooLongError, ComputationError) as problem:
        return {"deliver": step["deliver"], "cannot be sent": str(problem)}


def _scope(plan: Json, operation: Json, run: Run, reveal: bool) -> Scope:
    source = run.source or SOURCES.get(plan["vault"])
    kind = next((k for k in plan["sources"] if source and source.startswith(k)), None)
    has = plan["sources"][kind]["has"] if kind else {}
    present = {
        atom for atom, how in has.items() if atom not in run.without and _is_there(how, run.inputs)
    }
    defaults = {n: s["default"] for n, s in plan["params"].items() if "default" in s}
    money = plan.get("money")
    values = {
        **RUN,
        **({MONEY: read_part(PlanMoney, money)} if money else {}),
        "run.reference": run.reference,
        "source.id": source,
        **{f"params.{name}": value for name, value in (defaults | dict(run.params)).items()},
        **{f"inputs.{name}": value for name, value in run.inputs.items()},
        **{f"secrets.{name}": run.secrets.get(name, f"held-{name}") for name in plan["secrets"]},
        **{
            f"steps.{step['name']}.{name}": run.outputs.get(name, f"{step['name']}-{name}")
            for step in operation["steps"]
            for name in step["outputs"]
        },
        **{
            f"instrument.{name}": INSTRUMENT[name].example
            for name in operation.get("instrument", {}).get("values", ())
        },
    }
    bind_block = from_json(plan["sources"][kind]["bind"]) if kind else None
    return Scope(values, frozenset(present), bind_block, reveal)


def _is_there(how: Json, inputs: Mapping[str, Any]) -> bool:
    return how["input"] in inputs if isinstance(how, dict) else how != "never"


def _request(plan: Json, step: Json, scope: Scope) -> Json:
    http = step["http"]
    body = _text(http["body"], scope) if "body" in http else None
    through_vault = step["deliver"] == "vault"
    query = [[n, text] for n, t in http["query"] if (text := _text(t, scope)) is not None]
    headers = {n: text for n, t in http["headers"] if (text := _text(t, scope)) is not None}
    request: Json = {"deliver": step["deliver"], "method": http["method"]}
    request["url"] = _text(http["url"], scope)
    request |= {"query": query} if query else {}
    request["headers"] = headers
    if body is not None:
        request["body"] = _parsed(plan["vault"], body) if through_vault else body
    return request | ({"sign": _signed(step["sign"], scope)} if "sign" in step else {})


def _signed(sign: Json, scope: Scope) -> Json:
    return sign | {"secret": evaluate(from_json(sign["secret"]), scope)}


def _text(term: Json, scope: Scope) -> str | None:
    value = evaluate(rewrite(from_json(term), _legible), scope)
    assert is_absent(value) or isinstance(value, str)
    return None if is_absent(value) else str(value)


def _legible(node: Term) -> Term:
    """An encryption is random: in its place stands what is encrypted, for whom and how."""
    if not (isinstance(node, Call) and node.function == "jwe"):
        return node
    named = dict(node.named)
    key = named["key"] if isinstance(named["key"], Ref) else Call("json", (named["key"],))
    parts = [Lit("JWE "), named["alg"], Lit(" "), named["enc"], Lit(" for "), key]
    return Text((*parts, Lit(": "), Call("json", node.args)))


def _parsed(vault: str, body: str) -> Json:
    if vault == "checkout":
        return json.loads(body)
    pairs = (field.partition("=") for field in body.split("&"))
    return [f"{name} = {unquote_plus(value)}" for name, _, value in pairs]


def terms_in(plan: Json) -> list[Term]:
    """Every node of every term that the requests and rules of a plan hold."""
    found: list[Term] = []
    for operation in plan["operations"].values():
        for step in operation["steps"]:
            http = step["http"]
            terms = [http["url"], step["destination"]["url"], *([http["body"]] * ("body" in http))]
            terms += [term for _, term in (*http["query"], *http["headers"])]
            terms += [rule["when"] for rule in step["outcome"] if "when" in rule]
            terms += [step["sign"]["secret"]] if "sign" in step else []
            found += [node for term in terms for node in walk(from_json(term))]
    return found


def references(plan: Json) -> set[str]:
    """The names of all references of a plan."""
    return {node.name for node in terms_in(plan) if isinstance(node, Ref)}


def repository_settings(root: Path, destination: str) -> dict[str, Any]:
    """The sandbox settings that this repository's `forwardc.yaml` gives a destination."""
    import yaml

    project = yaml.safe_load((root / "forwardc.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = project["environments"]["sandbox"]["settings"].get(destination, {})
    return found
