"""Every place that opens a file is known: by its kind, or with a reason here.

Calls are read from the source, so that no way to a file is new without somebody having said whose
file it is.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forwardc.core.files import kinds
from forwardc.core.files.kinds import KINDS, Whose
from syntax import files, nodes_of

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.xdist_group("syntax")
PACKAGE = ROOT / "compiler" / "forwardc"
# Methods of paths, and functions of these modules. `replace` alone would be every text's.
METHODS = frozenset(
    {
        *("open", "read_bytes", "read_text", "write_bytes", "write_text", "touch", "mkdir"),
        *("iterdir", "glob", "rglob", "readlink", "symlink_to", "hardlink_to", "rmdir"),
        *("unlink", "rename", "load_cert_chain", "load_verify_locations", "mkstemp", "mkdtemp"),
        *("create_default_context", "TemporaryDirectory", "TemporaryFile", "NamedTemporaryFile"),
        *("copyfile", "copytree", "rmtree"),
    }
)
OF_MODULES = {
    "os": METHODS
    | {"scandir", "listdir", "walk", "link", "replace", "remove", "makedirs", "mkfifo"},
    "sqlite3": {"connect"},
    "shutil": {"copyfile", "copytree", "rmtree", "copy", "move"},
}
# Objects with an `open` that opens no file.
NO_FILE = {
    ("dashboard/login.py", "self.open"),
    ("server/wiring/mounts.py", "logins.open"),
    ("server/payment_sharing/payment_forward.py", "self.cipher.open"),
}
# What a call begins with that reads a package's own data.
OWN_DATA = re.compile(r"\(?(?:resources\.)?(?:files|data_dir|package_file)\(")
OURS = "a file of this package, or of a checkout of forwardc itself"
# What a module does with files beside the functions of `files/`, and why that is right.
KNOWN: dict[tuple[str, str], str] = {
    ("core/diagnostics/codes.py", "read_text"): OURS,
    ("core/diagnostics/codes.py", "iterdir"): OURS,
    ("compile/store/tool.py", "os.scandir"): OURS,
    ("cli/demo/command.py", "read_bytes"): OURS,
    ("cli/demo/command.py", "TemporaryDirectory"): "a folder of its own",
    ("cli/demo/command.py", "mkdir"): "in that folder",
    ("cli/demo/command.py", "write_bytes"): "in that folder",
    ("cli/main.py", "os.open"): "/dev/null",
    ("cli/serve/start.py", "mkdtemp"): "a folder of its own, for figures",
    ("cli/serve/start.py", "shutil.rmtree"): "that folder",
    ("server/telemetry/metrics.py", "glob"): "that folder, or the one that an operator named",
    ("server/settings_errors.py", "load_cert_chain"): "kind TLS: looked at before OpenSSL opens it",
    ("server/oauth/server_keys.py", "mkdir"): "kind SERVER_KEYS: the operator's folder",
    ("server/oauth/server_keys.py", "os.open"): "kind SERVER_KEYS: made for its owner only",
    ("server/oauth/server_keys.py", "os.link"): "kind SERVER_KEYS: never over another's",
    ("server/oauth/server_keys.py", "unlink"): "kind SERVER_KEYS: the temporary one",
    (
        "server/directory/sqlite_runner.py",
        "sqlite3.connect",
    ): "kind LOOKUP_DATABASE: looked at before",
    ("runtime/history/sqlite.py", "sqlite3.connect"): "kind HISTORY: made, or looked at before",
    ("runtime/http/client_certificate.py", "load_cert_chain"): "in memory, or the encrypted one",
    ("runtime/http/client_certificate.py", "TemporaryDirectory"): "a folder of its own",
    ("runtime/http/client_certificate.py", "write_bytes"): "in that folder, the key encrypted",
    (
        "runtime/http/tls.py",
        "load_verify_locations",
    ): "kind TLS: looked at before, or certifi's own",
    ("runtime/run/store_journal.py", "read_text"): "Linux tells there when it was started",
    ("runtime/run/store_journal.py", "readlink"): "Linux tells there which processes it sees",
    ("sandbox/serve.py", "read_text"): "the sandbox shares no code: it looks at it first",
    ("sandbox/serve.py", "os.open"): "the sandbox shares no code: it makes it anew",
    ("sandbox/serve.py", "unlink"): "the sandbox shares no code: what was left over",
}


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """`name` of a method, or `module.name`, of each call that opens, lists or makes a file."""
    for node in nodes_of(path):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in METHODS:
            yield function.id, function.id
        elif isinstance(function, ast.Attribute):
            of = ast.unparse(function.value)
            if of in OF_MODULES and function.attr in OF_MODULES[of]:
                yield f"{of}.{function.attr}", ast.unparse(function)
            elif of not in OF_MODULES and function.attr in METHODS:
                yield function.attr, ast.unparse(function)


def opened() -> dict[tuple[str, str], str]:
    """Every such call outside `files/`: module, name, and how it is written."""
    return {
        (path.relative_to(PACKAGE).as_posix(), name): whole
        for path in files()
        if path.parent.name != "files"
        for name, whole in calls(path)
        if (path.relative_to(PACKAGE).as_posix(), whole) not in NO_FILE
        and not OWN_DATA.match(whole)
    }


def test_files_are_opened_in_one_room() -> None:
    found = opened()
    assert {key: found[key] for key in found.keys() - KNOWN.keys()} == {}, (
        "read it with core/files/checkout.py or core/files/operator_file.py, by its kind"
    )
    assert KNOWN.keys() - found.keys() == set(), "nothing is done there any more"


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "path.open('rb')",
        "(root / name).read_bytes()",
        "os.open(path, 0)",
        "Path('x').read_text()",
        "sqlite3.connect(path)",
        "folder.glob('*.yaml')",
        "os.scandir(at)",
    ],
)
def test_no_way_to_a_file_is_overlooked(code: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(code)
    assert list(calls(tmp_path / "a.py"))


def test_every_kind_is_of_something_that_is_opened() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "files"
    )
    names = {name for name, kind in vars(kinds).items() if isinstance(kind, kinds.FileKind)}
    assert len(names) == len(KINDS)
    used = set(re.findall(r"\b[A-Z_]+\b", "".join(re.findall(r"files\.kinds import .*\n", text))))
    told = {found[1] for reason in KNOWN.values() if (found := re.match(r"kind (\w+):", reason))}
    assert (used & names) | told == names


def test_a_checkout_has_no_pipes_and_always_a_limit() -> None:
    for kind in KINDS:
        assert kind.because
        if kind.whose is Whose.CHECKOUT:
            assert not kind.pipes
            assert kind.most


def test_the_page_has_this_table() -> None:
    rows = [
        f"| {kind.name} | {kind.whose} | {_size(kind.most)} | {kind.because} |"
        f" {'yes' if kind.pipes else 'no'} |"
        for kind in KINDS
    ]
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    table = page.partition("<!-- kinds -->\n")[2].partition("\n\n")[0].splitlines()
    assert table[2:] == rows


def _size(most: int | None) -> str:
    if most is None:
        return "any size"
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB"), (1_000_000, "MB")):
        if most % unit == 0:
            return f"{most // unit} {name}"
    return f"{most} bytes"
