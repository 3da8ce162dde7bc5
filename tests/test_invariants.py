"""Promises of the house that no single room can keep; ARCHITECTURE.md names each of them."""

import ast
import copy
import json
import os
import pickle
import re
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from forwardc.core.terms.values import MASK, Secret
from syntax import files, tree_of

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "compiler" / "forwardc"
CANARY = "canary-5f1c"
COMPILER = ["forwardc.compile", "yaml", "jsonschema", "jsonschema_rs", "jinja2"]
RUN = [
    *("run", "adyen.card_cit", "--via", "checkout", "--env", "sandbox", "--sandbox"),
    *("--source", "src_visa_adyen_approved0000000", "-p", "amount=1000", "-p", "currency=EUR"),
    *("-p", "reference=ORDER-1", "-p", "return_url=https://shop.example/return"),
]
# Where card data is known by name: the emulated vaults, and the demo's stand-in for a browser.
HOLDERS = ("sandbox/", "cli/demo/cards.py")
CARD_NAMES = re.compile(r"(card_|raw_)?(pan|cvc2?|cvv2?|card_number|pin|cryptogram)")


def sources() -> dict[str, ast.Module]:
    return {path.relative_to(PACKAGE).as_posix(): tree_of(path) for path in files()}


def test_a_run_needs_no_compiler_and_no_yaml() -> None:
    script = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if any(name == one or name.startswith(one + '.') for one in {COMPILER!r}):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "from forwardc.cli.main import run\n"
        f"sys.exit(run({RUN!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "FORWARDC_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("approved\n")


def test_no_field_or_argument_is_made_for_card_data() -> None:
    """Attributes, fields and arguments that are named as a card value is would hold one."""
    found = [
        f"{name}: {word}"
        for name, tree in sources().items()
        if not name.startswith(HOLDERS)
        for node in ast.walk(tree)
        for word in _declared(node)
        # What the program says about an atom is a truth value: whether there is a cryptogram.
        if CARD_NAMES.fullmatch(word) and (name, word) != ("compile/ir/program.py", "cryptogram")
    ]
    assert not found


def _declared(node: ast.AST) -> list[str]:
    match node:
        case ast.arg(arg=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name.removeprefix("_")]
        case _:
            return []


def test_only_a_vault_and_the_codec_write_text_that_is_not_escaped() -> None:
    makers = {
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Raw"
    }
    emitters = r"compile/vaults/(\w+/(lower|emit)|shortest)\.py"
    allowed = re.compile(rf"{emitters}|core/terms/codec\.py")
    assert makers
    assert not [name for name in makers if not allowed.fullmatch(name)]


def test_only_the_evaluator_makes_fragments() -> None:
    makers = {
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Fragment"
    }
    assert makers
    assert all(name.startswith("core/terms/") for name in makers)


@dataclass(frozen=True)
class Holder:
    """Something that has a secret inside."""

    name: str
    held: Secret


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(CANARY)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>40}",
        "%s %r" % (secret, secret),  # noqa: UP031 - logging formats so
        "{}".format(secret),  # noqa: UP032
        str([secret, {"a": secret}]),
        repr(Holder("x", secret)),
        json.dumps({"a": secret}, default=str),
        _traceback_with(secret),
    ]
    assert not [text for text in shown if CANARY in text]
    assert all(MASK in text for text in shown)
    assert secret.reveal() == CANARY


def _traceback_with(secret: Secret) -> str:
    try:
        raise ValueError(secret)
    except ValueError as error:
        return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, copy.deepcopy])
def test_a_secret_is_not_serialised(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError):
        write(Secret(CANARY))


def test_the_runtime_has_no_table_of_digits() -> None:
    """It knows which codes there are, and nothing of how anybody counts them."""
    readers = {
        at
        for at, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "forwardc.core.currencies"
        if {alias.name for alias in node.names} - {"DISPUTED"}
        if at.partition("/")[0] not in ("compile", "sandbox")
    }
    assert readers == {"runtime/run/values.py"}
    reads = ast.walk(sources()["runtime/run/values.py"])
    assert not [node for node in reads if isinstance(node, ast.Attribute) and node.attr == "digits"]
