"""`outcome: by_status`, written out as the rules that it stands for.

Rules like any other from here on, so that a plan, a record and a reviewer see what decides.
"""

from typing import Final

from forwardc.compile.language.destination import DeclaredRule
from forwardc.compile.language.nodes import Node
from forwardc.core.outcome import Outcome
from forwardc.core.terms.terms import Call, Lit, Ref, Term

BY_STATUS: Final = "by_status"


def by_status(node: Node) -> tuple[DeclaredRule, ...]:
    """2xx approves and 4xx rejects. Anything else is unknown, as where no rule holds."""
    return (
        DeclaredRule(_between(200, 299), Outcome.APPROVED, node.span, node.pointer),
        DeclaredRule(_between(400, 499), Outcome.REJECTED, node.span, node.pointer),
    )


def _between(least: int, most: int) -> Term:
    status = Ref("response.status")
    return Call("and", (Call("ge", (status, Lit(least))), Call("le", (status, Lit(most)))))
