"""Emits plans for Acorn: one `POST /forward` for each vault step, a template as its body."""

from collections.abc import Mapping
from dataclasses import replace

from forwardc.compile.ir.optional import named_values
from forwardc.compile.ir.program import Program, ProgramStep
from forwardc.compile.vaults.contract import EmissionContext
from forwardc.compile.vaults.emission import (
    Emission,
    EmittedCall,
    EmittedCredential,
    EmittedHead,
    EmittedParts,
    EmittedReader,
    EmittedSource,
    EmittedStep,
    Presence,
)
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.steps import (
    content_type,
    direct_step,
    emitted_step,
    encoded_body,
    header,
)
from forwardc.core.terms.terms import (
    Atom,
    Encoded,
    Encoding,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Term,
    Text,
    rewrite,
)
from forwardc.plan.environment import EnvironmentClass

_HOST, _SHOP = Ref("host.api"), Ref("account.shop")
_READER = EmittedReader("/status", "/headers", "pairs", "/body", "/id")


def values(
    environment_class: EnvironmentClass, account: Mapping[str, str], facts: Facts
) -> dict[str, Lit]:
    """What stands in the holes of a step in one environment and account."""
    return {
        _HOST.name: Lit(facts.host("api", environment_class)),
        _SHOP.name: Lit(account.get("shop", "")),
    }


def head(program: Program, _account: Mapping[str, str], facts: Facts) -> EmittedHead:
    """The parts of a plan that all operations share."""
    return EmittedHead(
        vault_hosts=(facts.host("api", program.environment_class),),
        destination_host=program.host,
        credentials={"api_key": EmittedCredential(facts.value("authentication", "secret_key"))},
        sources={
            kind: EmittedSource(
                pattern=fact["value"]["pattern"],
                single_use=fact["value"]["single_use"],
                inputs={},
                has={
                    atom: Presence(entry[kind])
                    for atom, entry in facts.unrecorded().section("atoms").items()
                },
                bind=Ref("source.id"),
            )
            for kind, fact in facts.section("source_kinds").items()
        },
        parts=EmittedParts(body="/request/body", headers="/request/headers"),
    )


def emit(context: EmissionContext, facts: Facts) -> Emission:
    """The steps of one operation."""
    return Emission(
        tuple(
            direct_step(step) if step.direct else _vault_step(step, facts.at(step.name))
            for step in context.operation.steps
        )
    )


def _vault_step(step: ProgramStep, facts: Facts) -> EmittedStep:
    path = Lit(str(facts.value("paths", "forward")))
    call = EmittedCall(
        method="POST",
        url=Text((Lit("https://"), _HOST, path)),
        headers=(
            ("Authorization", header(Text((Lit("Bearer "), Ref("vault.api_key"))))),
            ("Content-Type", Lit("application/json")),
        ),
        body=Encoded(Encoding.JSON, _call_body(step, facts)),
    )
    read_ms = facts.limit("read_timeout", "milliseconds")
    return replace(emitted_step(step, call, read_ms=read_ms), reader=_READER)


def _call_body(step: ProgramStep, facts: Facts) -> Term:
    request = step.request

    def placeholder(node: Term) -> Term:
        if not isinstance(node, Atom):
            return node
        return Raw("{{" + str(facts.value("atoms", node.name)) + "}}", span=node.span)

    body: Term = Lit("")
    if request.body:
        tree = rewrite(request.body.tree, placeholder)
        body = encoded_body(request.body, tree, templated=True)
    headers = named_values((pair.name, header(pair.value)) for pair in content_type(request))
    forwarded = Map(
        (
            ("url", Encoded(Encoding.URL, request.url)),
            ("headers", headers),
            ("body", Limit(facts.limit("body"), "request.body", body)),
        )
    )
    return Map((("source", Ref("source.id")), ("shop", _SHOP), ("request", forwarded)))
