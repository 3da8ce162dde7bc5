"""Turns vault values into Checkout.com's own syntax: placeholders, variables and `jwe_encrypt`.

A placeholder is the only text that is never escaped; a value that needs a function of the vault
becomes a variable, written once for equal values.
"""

from dataclasses import field

from forwardc.compile.ir.analysis import Stage, stage_of
from forwardc.compile.ir.optional import if_present
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.supplied import as_input
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import (
    HAS_ATOM,
    HAS_CALL,
    HAS_IF,
    HAS_REF,
    Atom,
    Call,
    Encoded,
    Encoding,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Term,
    rewrite,
)


@dataclass(slots=True)
class TemplateLowering:
    """Rewrites the terms of one step, and collects the variables that they need."""

    facts: Facts
    stored: frozenset[str]
    supplied: frozenset[str]
    """The atoms that the caller gives."""
    variables: list[tuple[str, Term]] = field(default_factory=list)

    def value(self, term: Term) -> Term:
        """The term with every vault value in Checkout.com's syntax."""
        return rewrite(self._integers(term), self._node, HAS_ATOM | HAS_REF | HAS_CALL | HAS_IF)

    def _integers(self, term: Term) -> Term:
        def change(node: Term) -> Term:
            if isinstance(node, Call) and node.function == "int" and isinstance(node.args[0], Atom):
                # `08` is no JSON number: the form that never begins with a zero stands for it.
                name = str(self.facts.value("integers", node.args[0].name))
                return Raw(self._placeholder(name), number=True, span=node.span)
            return node

        return rewrite(term, change, HAS_CALL)

    def _node(self, node: Term) -> Term:
        known = as_input(node, self.supplied)
        if known is not node:
            return known
        if isinstance(node, Atom):
            return Raw(self._placeholder(node.name), span=node.span)
        if isinstance(node, Ref) and node.name in self.stored:
            return Raw("{{ secret_" + node.name.removeprefix("secrets.") + " }}", span=node.span)
        if isinstance(node, Call) and node.function == "jwe" and _reaches_vault(node):
            return self._jwe(node)
        return node

    def _placeholder(self, atom: str) -> str:
        return "{{" + str(self.facts.value("atoms", atom)) + "}}"

    def _jwe(self, call: Call) -> Term:
        named = dict(call.named)
        data = self._variable("data", call.args[0])
        key = self._variable("key", named["key"])
        arguments = [f"data={data}", f"key={key}"]
        arguments += [f"{name}='{_literal(named[name])}'" for name in ("alg", "enc")]
        if "headers" in named:
            arguments.append(f"headers={self._variable('headers', named['headers'])}")
        function = self.facts.value("functions", "jwe")
        raw = Raw("{{ " + f"{function}({', '.join(arguments)})" + " }}", span=call.span)
        return if_present(call.args[0], raw)

    def _variable(self, purpose: str, term: Term) -> str:
        """The name of a variable with this value; an equal value is written once."""
        encoding = Encoding.JSON if isinstance(term, Map | Seq) else Encoding.PLAIN
        value = Encoded(encoding, term, templated=True)
        for name, variable in self.variables:
            if variable == value:
                return name
        name = f"forwardc_{purpose}_{len(self.variables) + 1}"
        self.variables.append((name, value))
        return name


def _reaches_vault(call: Call) -> bool:
    return stage_of(call) is Stage.VAULT


def _literal(term: Term) -> str:
    if isinstance(term, Lit) and isinstance(term.value, str):
        return term.value
    raise TypeError("an algorithm is a literal: the checks have seen to it")
