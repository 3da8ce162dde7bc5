"""No room names a vendor, but a vendor's own: what differs between vendors is data elsewhere.

Prose may name them, as examples and sources. Code may not: neither a name, nor an import, nor a
text that a program compares or shows.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from syntax import files, tree_of

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.xdist_group("syntax")
PACKAGE = ROOT / "compiler" / "forwardc"
# `direct` is no vendor, `visa` is a scheme of cards, and `token_vault` anybody's.
OF_NOBODY = {"direct", "visa", "token_vault"}
# Every vault and destination that is shipped, by its title or name, and a vault that is to come.
SHIPPED = {
    *(
        yaml.safe_load(path.read_text(encoding="utf-8"))["title"]
        for path in (PACKAGE / "compile" / "vaults").glob("*/facts.yaml")
        if path.parent.name not in OF_NOBODY
    ),
    *({path.stem for path in (ROOT / "destinations").glob("*.yaml")} - OF_NOBODY),
    "Braintree",
}
VENDORS = re.compile("|".join(map(re.escape, sorted(SHIPPED))), re.IGNORECASE)
# The vendors' own rooms: the folder of a vault, its emulator, an emulated destination, and what
# one destination needs beyond YAML.
VAULTS = sorted(path.parent.name for path in (PACKAGE / "compile" / "vaults").glob("*/facts.yaml"))
OWN = re.compile(
    rf"compile/vaults/(?!_)\w+/|sandbox/({'|'.join(VAULTS)}|destinations|crypto)/|integrations/\w+/"
)
# Everywhere else, what may name one, and why.
MAY = {
    "compile/vaults/registry.py": "a line for each vault",
    "integrations/registry.py": "a line for each integration",
    "compile/ir/features.py": "signature schemes are data, and named by their vendors",
    "plan/model.py": "signature schemes are data, and named by their vendors",
    "plan/digests.py": "signature schemes are data, and named by their vendors",
    "runtime/run/redaction.py": "headers that may be shown are data, and named by who sends them",
    "runtime/run/signing.py": "signature schemes are data, and named by their vendors",
    "compile/review/page/schemes.py": "signature schemes are data, and named by their vendors",
    "compile/language/money/tables.py": "a line for each shipped table of currencies",
    "core/recognizer/scan.py": "shapes of credentials are data, and named by who gives them",
    "runtime/secret_providers/vault_keys.py": "shapes of made-up keys are data",
    "cli/demo/scenes.py": "the demo shows the shipped destinations",
    "cli/demo/cards.py": "the demo's stand-in for a browser makes sources at the vaults",
    "sandbox/registry.py": "a line for each emulated party",
    "sandbox/laxness.py": "what each vendor does where all vaults take more is data",
}


def code_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names, imports and texts of a module, without its prose."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield node.lineno, text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.ImportFrom(module=str(module), names=names):
                yield node.lineno, " ".join((module, *(alias.name for alias in names)))
            case _:
                pass


def test_no_room_names_a_vendor() -> None:
    named: dict[str, list[str]] = {}
    for path in files():
        place = path.relative_to(PACKAGE).as_posix()
        if OWN.match(place) or place in MAY:
            continue
        for line, text in code_of(tree_of(path)):
            if VENDORS.search(text):
                named.setdefault(place, []).append(f"{line}: {text[:60]}")
    assert not named


def test_every_exception_is_needed() -> None:
    idle = [
        place
        for place in MAY
        if not any(VENDORS.search(text) for _, text in code_of(tree_of(PACKAGE / place)))
    ]
    assert not idle


def test_the_vendors_are_looked_for() -> None:
    assert {"Stripe", "Checkout.com", "adyen", "rocketpay", "rokt"} <= SHIPPED
    assert VENDORS.search("_at_stripe")
    assert not VENDORS.search("checkout")
