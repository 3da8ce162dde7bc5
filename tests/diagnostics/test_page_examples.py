"""The examples on the pages of codes do what they say: the bad one is found, the good one is clean.

A code of what a vault cannot do (06) is no mistake of the file: it must show in coverage.
"""

import re
from pathlib import Path

from forwardc.compile.compiled import Compiled
from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded
from forwardc.core.diagnostics.codes import CODES, page
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from one_rule import one_rule

# What a destination file alone cannot show. Each is tested where it happens.
WITHOUT_EXAMPLE = {
    "FC0634": "stands in forwardc.yaml",
    "FC0101": "no such file",
    "FC0102": "bytes that a page cannot hold",
    "FC0103": "a file of more than 1 MiB",
    "FC0124": "only `fmt --check` reports it",
    "FC0118": "a link, which a page cannot hold",
    "FC0208": "what only one of two schema libraries refuses",
    "FC0319": "needs two destinations",
    "FC0320": "stands in forwardc.yaml",
    "FC0346": "needs a project with a vendor",
    "FC0347": "needs a project with a vendor",
    "FC0348": "needs a project with a vendor",
    "FC0349": "stands in forwardc.yaml",
    "FC0350": "stands in forwardc.yaml",
    "FC0358": "stands in forwardc.yaml",
    "FC0359": "stands in forwardc.yaml",
    "FC0522": "needs a project",
    "FC0614": "a credential of the runtime",
    "FC0617": "a source of the runtime",
    "FC0618": "stands in forwardc.yaml",
    "FC0626": "needs a grant in forwardc.yaml",
    "FC0629": "an error of the file, found with what vaults know",
    "FC0630": "an error of the file, found with what vaults know",
}
# Holds no card at all, so that it refuses every value of one.
CARDLESS = "direct"


def example(code: str, kind: str) -> str | None:
    found = re.search(rf"```yaml {kind}\n(.*?)```", page(code), re.DOTALL)
    return found[1] if found else None


def compiled(text: str, folder: Path) -> tuple[list[Diagnostic], Compiled]:
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    sink = Sink()
    result = compile_loaded(load_files(folder, ["shop.yaml"], sink), sink)
    return sink.sorted(), result


def refusals(result: Compiled) -> set[str]:
    """The codes of all findings at vaults that hold cards."""
    cards = (one for one in result.assessments if one.vault.name != CARDLESS)
    return {finding.code for one in cards for finding in one.findings}


OF_THE_FILE = [code for code in CODES if code[2:4] in ("01", "02", "03", "04", "05")]
OF_VAULTS = [code for code in CODES if code.startswith("FC06")]


@one_rule("code", [*OF_THE_FILE, *OF_VAULTS])
def test_a_page_has_both_examples_or_a_reason(code: str) -> None:
    has = example(code, "bad") is not None, example(code, "good") is not None
    assert has == (code not in WITHOUT_EXAMPLE,) * 2


@one_rule("code", [code for code in OF_THE_FILE if code not in WITHOUT_EXAMPLE])
def test_the_examples_of_a_mistake(code: str, tmp_path: Path) -> None:
    found, _ = compiled(example(code, "bad") or "", tmp_path)
    assert {one.code for one in found} == {code}
    assert all(one.span is not None for one in found)
    clean, result = compiled(example(code, "good") or "", tmp_path)
    assert clean == []
    assert result.assessments


@one_rule("code", [code for code in OF_VAULTS if code not in WITHOUT_EXAMPLE])
def test_the_examples_of_what_a_vault_cannot(code: str, tmp_path: Path) -> None:
    found, bad = compiled(example(code, "bad") or "", tmp_path)
    assert found == []
    assert code in refusals(bad)
    found, good = compiled(example(code, "good") or "", tmp_path)
    assert found == []
    assert code not in refusals(good)
