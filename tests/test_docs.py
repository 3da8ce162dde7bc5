"""What the documents show is what happens: commands run, excerpts are found, links lead somewhere.

How a document says it:

- A `console` block holds `$ command` lines and their output. Blocks of a document run in order, in
  one copy of the checkout. `...` stands for any text; on a line of its own, for any lines. How
  wide the columns of a table are does not count: a new destination must not change a document.
  `RUN` in a command is the id that the last `forwardc run` printed; `CLIENT`, `SECRET` and `TOKEN`
  are what `forwardc clients issue` and a token endpoint said, `METHOD` a payment method's id. A
  command that ends with ` &` (of forwardc or python) goes on until the document ends, and its ports
  become free ones.
  `mkdir -p` makes a folder, and after `cd` everything happens in it. `curl` is the real one, and
  `python` and `node` run a file that a block made; where there is no Node.js with the vendors'
  clients, the latter is not run. `make demo` runs `forwardc demo`. `make test` is what runs this,
  and is not run again.
- A block with a path after its language, such as `json build/manifest.json`, is an excerpt: its
  parts, between lines of `...`, stand in that file in this order. Indentation does not count.
- `yaml new=PATH` makes that file in the copy, and `diff edit=PATH` changes one: the lines of the
  block without those that start with `+` stand in the file, and become those without `-`.
- `forwardc diff` compares with a commit of the copy as it was.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

import forked
from clients.install import NoNodeError, installed, node
from forwardc.compile.ir.features import SCHEMES
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.registry import vaults
from forwardc.core.atoms import ATOMS
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.runtime.run import result as shapes
from forwardc.sandbox.cards import lookup
from one_rule import one_rule
from patience import LONG_S, until
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("forwardc.yaml", "destinations", "build", "schemas", "docs")
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)
ANY = "..."
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
FENCE = re.compile(r"^( *)```(\w+)(?: +(\S.*?))?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what follows the language, its lines and their number."""

    language: str
    about: str
    text: str
    line: int


def blocks(document: str) -> list[Block]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return [
        Block(
            found[2],
            found[3] or "",
            re.sub(rf"(?m)^{found[1]}", "", found[4]),
            text[: found.start()].count("\n") + 1,
        )
        for found in FENCE.finditer(text)
    ]


WITH_COMMANDS = [
    document
    for document in DOCUMENTS
    if any(block.language == "console" for block in blocks(document))
]


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output that is shown."""
    joined = block.text.replace("\\\n", "")
    for part in re.split(r"(?m)^\$ ", joined)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip("\n")


SAID = {
    "RUN": rf"(?m), run ({UUID})$",
    "CLIENT": r"(?m)^client +(client_\w+)$",
    "SECRET": r"(?m)^secret +(fwc_\w+)$",
    "TOKEN": r'"access_token":"([^"]+)"',
    "METHOD": r"(?m)^(pm_\w+)$",
}


class Terminal:
    """Runs the commands of one document in a copy of the checkout."""

    def __init__(self, folder: Path, going: ExitStack) -> None:
        self.folder = folder
        self.going = going
        self.code = 0
        self.said: dict[str, str] = {}
        self.ports = {shown: str(free_port()) for shown in ("8123", "8124", "8125", "8457")}
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)

    def commit(self) -> None:
        """Make a git repository of the copy."""
        git(self.folder, "init", "--quiet")
        git(self.folder, "add", *COPIED)
        git(self.folder, "commit", "--quiet", "--message", "Before")

    def apply(self, block: Block) -> None:
        """Do what a block says before its commands."""
        if block.about.startswith("new="):
            path = self.folder / block.about.removeprefix("new=")
            path.write_text(self.moved(block.text), encoding="utf-8")
        if block.about.startswith("edit="):
            path = self.folder / block.about.removeprefix("edit=")
            lines = block.text.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if not line.startswith("+"))
            new = "".join(line[1:] for line in lines if not line.startswith("-"))
            text = path.read_text(encoding="utf-8")
            assert old in text, f"these lines do not stand in {path.name}:\n{old}"
            path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, command: str) -> str | None:
        """The output, or None for a command that is not run."""
        match shlex.split(command):
            case ["make", "test"]:
                return None
            case ["make", "demo"]:
                return self.forwardc(["demo"])
            case ["mkdir", "-p", name]:
                (self.folder / name).mkdir(parents=True)
                return ""
            case ["cd", name]:
                self.folder /= name
                return ""
            case ["make", "check" | "build" as name] | ["forwardc", name]:
                return self.forwardc([name])
            case ["forwardc", *arguments, "&"]:
                return self.background(arguments)
            case ["python", name, "&"]:
                return self.going_on(name, [sys.executable, "-P", name])
            case ["forwardc", *arguments]:
                return self.forwardc(arguments)
            case ["curl", *arguments]:
                return self.curl(arguments)
            case ["python", name]:
                # The client of Checkout.com warns of an endpoint of its own.
                return self.other([sys.executable, "-P", "-W", "ignore", name])
            case ["node", name]:
                return self.node(name)
            case ["echo", "$?"]:
                return str(self.code)
            case _:
                raise AssertionError(f"a document runs forwardc and curl, nothing else: {command}")

    def forwardc(self, arguments: list[str]) -> str:
        words = [*map(self.meant, arguments)]
        done = forked.forwardc(words, self.folder, self.environment(), mixed=True)
        self.code = done.returncode
        return self.heard(done.stdout)

    def node(self, name: str) -> str | None:
        """Run a file with the vendors' clients for Node.js beside it, where they are installed."""
        try:
            command, clients = node(), installed()
        except NoNodeError:
            return None
        beside = self.folder / "node_modules"
        if not beside.exists():
            beside.symlink_to(clients / "node_modules")
        return self.other([*command, name])

    def other(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.code = done.returncode
        return self.heard(done.stdout)

    def background(self, arguments: list[str]) -> str:
        """Start a command that goes on; what it prints first, once it serves."""
        words = [word for word in (*arguments, *self.port_of(arguments[0])) if word]
        program = [sys.executable, "-P", "-m", "forwardc"]
        return self.going_on(arguments[0], [*program, *map(self.meant, words)])

    def going_on(self, name: str, command: list[str]) -> str:
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.going.callback(process.wait, LONG_S)
        self.going.callback(process.terminate)
        until(lambda: "http://" in log.read_text() or process.poll() is not None)
        return self.heard(log.read_text())

    def port_of(self, command: str) -> tuple[str, ...]:
        """The option that takes a port of the sandbox; the server's is a setting."""
        return ("--port", self.ports["8123"]) if command == "sandbox" else ()

    def curl(self, arguments: list[str]) -> str:
        if shutil.which("curl") is None:
            pytest.skip("needs curl: it is not installed here")
        done = subprocess.run(
            ["curl", "--max-time", "30", "--noproxy", "*", *map(self.meant, arguments)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.code = done.returncode
        return self.heard(done.stdout.replace("\r\n", "\n"))

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "compiler"),
            "COLUMNS": "100",
            "FORWARDC_SERVER__SERVER__PORT": self.ports["8457"],
        }

    def meant(self, word: str) -> str:
        """A word with what was said before in its place."""
        for name, value in self.said.items():
            word = re.sub(rf"\b{name}\b", value, word)
        return self.moved(word)

    def moved(self, text: str) -> str:
        """A text with the ports that are free here."""
        for shown, free in self.ports.items():
            text = text.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{free}")
            text = re.sub(rf"^(\w+)={shown}$", rf"\1={free}", text)
        return text

    def heard(self, output: str) -> str:
        """Keep what an output says for later commands; give it with the ports of the document."""
        for name, pattern in SAID.items():
            if found := re.search(pattern, output):
                self.said[name] = found[1]
        for shown, free in self.ports.items():
            output = output.replace(f"127.0.0.1:{free}", f"127.0.0.1:{shown}")
        return output


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True
    )


def fits(shown: str, output: str) -> bool:
    """Whether an output is what a document shows of it."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == ANY else _line(line) + r"\n" for line in shown.splitlines()
    ]
    normal = "".join(f"{_columns(line)}\n" for line in output.strip("\n").splitlines())
    return re.fullmatch("".join(lines), normal) is not None


def _line(line: str) -> str:
    return ".*?".join(re.escape(part) for part in _columns(line).split(ANY))


def _columns(line: str) -> str:
    return re.sub(r"(?<=\S) {2,}", "  ", line.rstrip())


def stands_in(excerpt: str, text: str) -> bool:
    """Whether the parts of an excerpt stand in a text, in order, each without a gap."""
    lines = [line.strip() for line in text.splitlines()]
    at = 0
    for part in re.split(rf"(?m)^\s*(?:# )?{re.escape(ANY)}\n", excerpt):
        wanted = [line.strip() for line in part.strip("\n").splitlines()]
        places = range(at, len(lines) - len(wanted) + 1)
        found = next((at for at in places if lines[at : at + len(wanted)] == wanted), None)
        if found is None:
            return False
        at = found + len(wanted)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("document", WITH_COMMANDS)
def test_commands_print_what_is_shown(document: str, tmp_path: Path) -> None:
    shown = blocks(document)
    with ExitStack() as going:
        terminal = Terminal(tmp_path, going)
        if any("\n$ forwardc diff" in f"\n{block.text}" for block in shown):
            terminal.commit()
        for block in shown:
            terminal.apply(block)
            for command, expected in commands(block) if block.language == "console" else ():
                output = terminal.run(command)
                message = f"{document}:{block.line}: $ {command}\n{output}"
                assert output is None or fits(expected, output), message


@one_rule("document", DOCUMENTS)
def test_excerpts_stand_in_their_files(document: str) -> None:
    for block in blocks(document):
        if re.fullmatch(r"[\w./-]+\.\w+", block.about):
            text = (ROOT / block.about).read_text(encoding="utf-8")
            assert stands_in(block.text, text), f"{document}:{block.line}: {block.about}"


@one_rule("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    targets = re.findall(r'(?:\]\(|src=")([^)"#\s]+)', text)
    local = [target for target in targets if "://" not in target]
    assert not [target for target in local if not (path.parent / target).exists()]


@one_rule("document", DOCUMENTS)
def test_paths_in_backticks_exist(document: str) -> None:
    text = FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))
    named = re.findall(r"`((?:compiler|docs|schemas|tests|destinations)/[\w./-]+)`", text)
    made = {block.about.removeprefix("new=") for block in blocks(document)}
    # A word in capitals stands for a name of the reader's.
    named = [name for name in named if not re.search("[A-Z]{4}", name)]
    assert not [name for name in named if not (ROOT / name).exists() and name not in made]


@one_rule("document", DOCUMENTS)
def test_only_test_cards_stand_in_a_document(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    found = [re.sub(r"\D", "", text[card.start : card.end]) for card in find_cards(text)]
    assert not [number[-4:] for number in found if lookup(number) is None]


def test_the_page_of_the_language_names_every_word() -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    schema = json.loads((ROOT / "schemas" / "destination.schema.json").read_bytes())["$defs"]
    hidden = [name for name, one in FUNCTIONS.items() if one.rules_only or one.internal]
    functions = [f"`{name}(" for name in FUNCTIONS if name not in hidden]
    words = [
        *(f"`{name}`" for name in ATOMS),
        *(f"`{kind}`" for kind in schema["param"]["properties"]["type"]["enum"]),
        *(f"`{kind}`" for kind in schema["secret"]["properties"]["as_key"]["enum"]),
        *(f"`{scheme}`" for scheme in SCHEMES),
    ]
    text = text.replace("`, `", "` `")
    assert not [word for word in words if word not in text]
    assert not [name for name in functions if name not in text]


def test_the_page_of_the_runtime_has_the_exit_codes() -> None:
    text = (ROOT / "docs" / "runtime.md").read_text(encoding="utf-8")
    told = {int(code): what for code, what in re.findall(r"(?m)^\| (\d+) \| ([a-z ]*) \|", text)}
    for outcome in Outcome:
        party = shapes.Party.DESTINATION if outcome is Outcome.REJECTED else None
        result = shapes.RunResult("", "", False, "", outcome, party, None, ())
        assert told[shapes.exit_code(result)].strip().startswith(outcome)
    assert told[shapes.REJECTED_BY_VAULT].strip() == "rejected by the vault"


def test_the_page_of_the_vaults_has_their_limits() -> None:
    text = (ROOT / "docs" / "vaults.md").read_text(encoding="utf-8")
    known = {vault.name: vault.facts for vault in vaults()}
    for name in ("checkout", "stripe"):
        assert f"{known[name].limit('body')} characters" in text
    kinds = [kind for name in ("checkout", "stripe") for kind in sources_of(known[name])]
    assert not [kind for kind in kinds if f"`{kind}`" not in text]


def sources_of(facts: Facts) -> list[str]:
    return list(facts.section("source_kinds"))


@pytest.mark.parametrize(
    ("shown", "output", "does"),
    [
        ("a\n...\nc", "a\nb\nb\nc\n", True),
        ("id ...", "id 42\n", True),
        ("a\n...", "a\n", True),
        ("a", "a\nb\n", False),
        ("a...c", "abd\n", False),
        ("a    b", "a      b\n", True),
        ("  a", "    a\n", False),
        ("", "b\n", False),
    ],
)
def test_a_shown_output_fits(shown: str, output: str, does: bool) -> None:
    assert fits(shown, output) is does
