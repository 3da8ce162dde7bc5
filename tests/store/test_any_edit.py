"""Whatever is done to a project, a store changes no byte, no finding and no exit code.

Two projects get the same edits and commands, one with a store and one without; then all that can be
seen of them is compared.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stored_projects import DAY, OF_VENDOR, asked, destination, tree, write_project

Edit: TypeAlias = Callable[[Path], None]


def change(path: str, old: str, new: str) -> Edit:
    """Another text, where the old one is there."""

    def edit(project: Path) -> None:
        file = project / path
        if file.is_file():
            file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")

    return edit


def write(path: str, text: str) -> Edit:
    def edit(project: Path) -> None:
        if (project / path).parent.is_dir():
            (project / path).write_text(text, "utf-8")

    return edit


def remove(path: str) -> Edit:
    return lambda project: (project / path).unlink(missing_ok=True)


def rename(old: str, new: str) -> Edit:
    def edit(project: Path) -> None:
        if (project / old).is_file():
            (project / old).rename(project / new)

    return edit


def remove_build(project: Path) -> None:
    shutil.rmtree(project / "build", ignore_errors=True)


def approve(project: Path) -> None:
    asked(project, "approve", "stripe", "shop", "--env", "production", "--by", "ann")


def link_build(project: Path) -> None:
    """A folder of `build/` is a link to the same files, or one no more."""
    folder, elsewhere = project / "build" / "stripe", project / "elsewhere"
    if folder.is_symlink():
        folder.unlink()
        elsewhere.rename(folder)
    elif folder.is_dir():
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere)


SHOP, BOOKS, BANK = (f"destinations/{name}.yaml" for name in ("shop", "books", "bank"))
LIVE, SANDBOX = "https://api.shop.example", "https://sandbox.bank.example"
EDITS: dict[str, Edit] = {
    "nothing": change("forwardc.yaml", "", ""),
    "a setting": change("forwardc.yaml", "shop: {version: 1}", "shop: {version: 11}"),
    "a setting of one environment": change("forwardc.yaml", "books: {version: 2}\n  p", "\n  p"),
    "a line above": change("forwardc.yaml", "forwardc: 1\n", "forwardc: 1\n# a line\n\n"),
    "an account": change("forwardc.yaml", "acct_live", "acct_other"),
    "the merchant": change("forwardc.yaml", "Shop of Tests", "Another Shop"),
    "no vendor": change("forwardc.yaml", "press_key", "other_key"),
    "a rule that is raised": change("forwardc.yaml", "rules: {", "rules: {FC0326: error, "),
    "a rule that is off": change("forwardc.yaml", "rules: {", "rules: {FC0343: off, "),
    "a rule that is lowered": change("forwardc.yaml", "rules: {", "rules: {FC0308: warning, "),
    "no rules": change("forwardc.yaml", "rules: {", "# rules: {"),
    "unused comments are mistakes": change("forwardc.yaml", "rules: {", "rules: {FC0122: error, "),
    "a vendor that nobody uses": change(
        "forwardc.yaml", "  press:", "  paper: {secrets: [paper_key]}\n  press:"
    ),
    "that allowed": change(
        "forwardc.yaml", "[paper_key]}", "[paper_key]} # forwardc: allow FC0348 comes later"
    ),
    "a comment that allows nothing": change(
        SHOP, "docs:", "# forwardc: allow FC0326 nothing\ndocs:"
    ),
    "a comment that allows something": change(
        BANK, "      pay:", "      pay: # forwardc: allow FC0326 because"
    ),
    "another reason": change(BANK, "FC0326 because", "FC0326 of another reason"),
    "a step without an outcome": change(BANK, "        response: {outcome: by_status}\n", ""),
    "a param that nobody uses": change(
        BANK, "settings:\n", "params: {number: {type: integer}}\nsettings:\n"
    ),
    "a target that is refused": change("forwardc.yaml", "vault: stripe, d", "vault: checkout, d"),
    "a title": change(SHOP, "Card payments", "All payments"),
    "a comment": change(BOOKS, "docs:", "# a comment\ndocs:"),
    "a host that is live elsewhere": change(BANK, SANDBOX, LIVE),
    "that host no more": change(BANK, LIVE, SANDBOX),
    "a new live host": write(
        "destinations/atlas.yaml",
        destination("atlas").replace("https://api.atlas.example", SANDBOX),
    ),
    "a destination goes": remove(SHOP),
    "it comes back": write(SHOP, destination("shop", OF_VENDOR)),
    "a new name": rename(BOOKS, "destinations/novels.yaml"),
    "the old name": rename("destinations/novels.yaml", BOOKS),
    "a mistake": change(BANK, "initiator: customer", "initiator: nobody"),
    "mended": change(BANK, "initiator: nobody", "initiator: customer"),
    "a mistake of all": change("forwardc.yaml", "merchant:", "merchants:"),
    "that mended": change("forwardc.yaml", "merchants:", "merchant:"),
    "other evidence": write("destinations/books.txt", "Another attestation\n"),
    "no evidence": remove("destinations/books.txt"),
    "an approval": approve,
    "no approvals": remove("forwardc.lock"),
    "an approval edited": change("forwardc.lock", '"ann"', '"bob"'),
    "a broken lock": write("forwardc.lock", "{}"),
    "an output edited": change("build/stripe/shop/sandbox.plan.json", "forwardc", "forwardd"),
    "an output gone": remove("build/stripe/books/review.html"),
    "coverage edited": write("build/coverage.md", "nothing is covered\n"),
    "a stray output": write("build/stripe/shop/stray.json", "{}"),
    "the manifest edited": change("build/manifest.json", '"sha256:a', '"sha256:b'),
    "no manifest": remove("build/manifest.json"),
    "no build": remove_build,
    "build by a link": link_build,
}
COMMANDS = (("check",), ("build",), ("build",), ("check", "--json"), ("build", "--json"))
DAYS = (DAY, DAY, "2026-12-31", "2027-02-01", None)
HOUR_NS = 3600 * 10**9
CLOCKS = (0, HOUR_NS, HOUR_NS, -HOUR_NS)
STEPS = st.tuples(
    st.lists(st.sampled_from(sorted(EDITS)), max_size=2),
    st.sampled_from(COMMANDS),
    st.sampled_from(DAYS),
    st.sampled_from(CLOCKS),
)


def visible(project: Path) -> dict[str, bytes]:
    """Every file of a project, but for what a link leads to."""
    return tree(project, ("build", "destinations", "elsewhere"))


@pytest.mark.fuzz
@settings(max_examples=10)
@given(steps=st.lists(STEPS, min_size=3, max_size=6))
def test_whatever_is_edited_nothing_differs(
    steps: list[tuple[list[str], tuple[str, ...], str | None, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    stored, cold = write_project(folder / "stored"), write_project(folder / "cold")
    real = time.time_ns
    for edits, command, day, clock in [([], ("build",), None, HOUR_NS), *steps]:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("CI", raising=False)
            patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
            patch.delenv("FORWARDC_TODAY")
            patch.setattr(time, "time_ns", lambda clock=clock: real() + clock)
            if day is not None:
                patch.setenv("FORWARDC_TODAY", day)
            for name in edits:
                EDITS[name](stored)
                EDITS[name](cold)
            one = asked(stored, *command)
            other = asked(cold, *command, "--no-store")
        assert one == other, (edits, command)
        assert visible(stored) == visible(cold), (edits, command)
