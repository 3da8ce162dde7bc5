"""Reads `payment_reference:`: which values name the payment at the destination.

It stands in an operation, or in the destination for every operation without its own. Knows what
the schema allows; whether the destination ever gets such a value is asked by the passes.
"""

from collections.abc import Sequence
from dataclasses import replace

from forwardc.compile.language.destination import DeclaredStep
from forwardc.compile.language.nodes import Node, YamlScalar, YamlSeq
from forwardc.compile.language.read_values import ValueReader
from forwardc.compile.language.scope import Symbol
from forwardc.core.terms.terms import Term

NONE = "none"
"""The word for: no value names the payment there."""


def read_payment_reference(
    node: Node | None, steps: Sequence[DeclaredStep], values: ValueReader
) -> tuple[Term, ...]:
    """The values, most telling first; none where nothing, or the word `none`, is written.

    They may name an output of any step of the operation: a person reads them when all is over.
    """
    if node is None or (isinstance(node, YamlScalar) and node.value == NONE):
        return ()
    outputs = {
        step.name: {
            name: Symbol(output.type, output.optional, amount=output.currency is not None)
            for name, output in step.outputs.items()
        }
        for step in steps
    }
    reader = values.within(replace(values.names, steps=outputs, later_steps=frozenset(), lets={}))
    items = node.items if isinstance(node, YamlSeq) else (node,)
    terms = (reader.line(item, "a payment reference") for item in items)
    return tuple(term for term in terms if term is not None)
