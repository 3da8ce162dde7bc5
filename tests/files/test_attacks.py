"""What a pull request may put into a checkout instead of a file, and what each command then does.

Each is tried with every file and folder that a command opens: nothing of another file is shown,
nothing outside is written, and nothing waits.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forwardc.cli.main import run
from forwardc.compile.pipeline import compile_project
from forwardc.compile.review.staged_build import write
from forwardc.core.diagnostics.sink import Sink
from held_up import within
from shop_project import ACCOUNTS, SHOP

CANARY = "aws_secret_access_key = canary/7c1e/Qm9vIQ"
EVIDENCE = "attestations/shop.pdf"
WITH_EVIDENCE = SHOP + f"pci: {{level: 1, attestation: {EVIDENCE}, expires: 2099-01-01}}\n"
PLAN = "build/stripe/shop/production.plan.json"
FILES = ("forwardc.yaml", "destinations/shop.yaml", EVIDENCE, "forwardc.lock")
FOLDERS = ("destinations", "attestations")
BUILT = ("build/manifest.json", PLAN, "build/coverage.json")
BUILT_FOLDERS = ("build", "build/stripe", "build/stripe/shop")
COMMANDS = {
    "check": ("check",),
    "check one": ("check", "destinations/shop.yaml"),
    "coverage": ("coverage",),
    "coverage of one": ("coverage", "destinations/shop.yaml"),
    "build": ("build",),
    "build --check": ("build", "--check"),
    "explain": ("explain", f"{PLAN}#/vault"),
    "approve": ("approve", "stripe", "shop", "--env", "production", "--by", "Ada"),
    "diff": ("diff", "--against", "approved"),
    "run": ("run", "shop.payment", "--via", "stripe", "--env", "production", "--dry-run"),
    "approvals": ("approvals",),
    "secrets": ("secrets", "list", "--via", "stripe", "--env", "production"),
}
# What each command opens; the rest it need not look at.
RUNTIME = ("run", "approvals")
ONE = ("check one", "coverage of one")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is built and approved."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "destinations").mkdir()
    (folder / "attestations").mkdir()
    (folder / "forwardc.yaml").write_text(ACCOUNTS, encoding="utf-8")
    (folder / "destinations" / "shop.yaml").write_text(WITH_EVIDENCE, encoding="utf-8")
    (folder / EVIDENCE).write_bytes(b"%PDF")
    write(folder / "build", compile_project(folder, Sink()).outputs())
    assert run((*COMMANDS["approve"], "--project", str(folder))) == 0
    return folder


@pytest.fixture
def checkout(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as the working directory, and beside it what nobody must see or change."""
    shutil.copytree(made, tmp_path / "checkout")
    shutil.copytree(made, tmp_path / "outside")
    for path in (tmp_path / "outside").rglob("*"):
        if path.is_file():
            path.write_text(f"# {CANARY}\n: [{CANARY}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "checkout")
    return tmp_path / "checkout"


def _outside(path: Path) -> str:
    return str(path).replace("/checkout/", "/outside/")


def looped(path: Path) -> None:
    path.symlink_to(path.name)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    os.mkfifo(path)


ATTACKS: dict[str, Callable[[Path], None]] = {
    "link outside": lambda path: path.symlink_to(_outside(path)),
    "loop": looped,
    "endless": endless,
    "pipe": pipe,
}


def opened(command: str) -> Iterator[str]:
    """The files and folders that a command opens."""
    if command in ONE:
        yield from ("destinations/shop.yaml", "destinations")
        return
    if command not in RUNTIME:
        yield from (*FILES, *FOLDERS)
    if command in ("build", "build --check", "approve"):
        yield from (*BUILT, *BUILT_FOLDERS)
    if command == "run":
        yield from ("forwardc.lock", "build/manifest.json", PLAN, *BUILT_FOLDERS)
    if command == "approvals":
        yield from ("forwardc.lock", "build/manifest.json", PLAN, *BUILT_FOLDERS)
    if command == "secrets":
        yield "build"


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder: mode and bytes."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if stat.S_ISREG(path.lstat().st_mode)
    }


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_plain_file_is_refused(
    command: str, attack: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One project for all places: each is put back, since a compilation is most of the time."""
    before = state(checkout), state(checkout.parent / "outside")
    for place in opened(command):
        kept = checkout.parent / "kept"
        (checkout / place).rename(kept)
        ATTACKS[attack](checkout / place)
        with within():
            code = run(COMMANDS[command])
        shown = "".join(capsys.readouterr())
        assert code == 1, (place, shown)
        assert "FC0118" in shown, (place, shown)
        assert "canary" not in shown
        assert "Traceback" not in shown
        (checkout / place).unlink()
        kept.rename(checkout / place)
        assert (state(checkout), state(checkout.parent / "outside")) == before, place


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("forwardc.lock", ("approve", "stripe", "shop", "--env", "production", "--by", "Eve")),
        ("destinations/shop.yaml", ("check", "--fix")),
        ("destinations/shop.yaml", ("check", "--fix", "destinations/shop.yaml")),
        ("build/coverage.md", ("build",)),
        ("build", ("build",)),
        ("build/stripe", ("build",)),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_nothing_is_written_through_a_link(
    place: str,
    command: tuple[str, ...],
    inside: bool,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also not through one that stays in the checkout, or leads to what would be written."""
    silent = (checkout / "destinations" / "shop.yaml").read_text(encoding="utf-8")
    silent = silent.replace("        response: {outcome: by_status}\n", "")
    if "--fix" in command:
        (checkout / "destinations" / "shop.yaml").write_text(silent, encoding="utf-8")
    elif command == ("build",):
        (checkout / "destinations" / "shop.yaml").write_text(
            silent.replace("POST: /payments", "POST: /others"), encoding="utf-8"
        )
    target = (checkout if inside else checkout.parent) / "target"
    (checkout / place).rename(target)
    (checkout / place).symlink_to(os.path.relpath(target, (checkout / place).parent))
    before = state(target) if target.is_dir() else target.read_bytes()
    assert run(command) == 1
    assert "FC0118" in "".join(capsys.readouterr())
    assert (state(target) if target.is_dir() else target.read_bytes()) == before
    assert (checkout / place).is_symlink()


@pytest.mark.parametrize("named", ["destinations", "build"])
@pytest.mark.parametrize(
    "folder",
    ["../outside", "/etc", "a/../../b", ".", "..", "./a", "~", "a//b", "a/", "-/..", ".git"],
)
def test_the_folders_of_a_project_lie_inside_it(
    named: str, folder: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "forwardc.yaml").write_text(f"{ACCOUNTS}{named}: '{folder}'\n", encoding="utf-8")
    before = state(checkout.parent)
    assert run(("build",)) == 1
    assert "a folder below forwardc.yaml" in "".join(capsys.readouterr())
    assert state(checkout.parent) == before


def test_a_manifest_names_nothing_outside(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither to be compared, nor to be removed."""
    manifest = checkout / "build" / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    lies = ("../victim", "/etc/hostname", "a/../../victim", "./x", "a//b", "../../outside/build")
    told = "".join(f'"{path}": "sha256:{"0" * 64}", ' for path in lies)
    manifest.write_text(text.replace('"outputs": {', '"outputs": {' + told), encoding="utf-8")
    (checkout / "victim").write_text("here", encoding="utf-8")
    outside = state(checkout.parent / "outside")
    assert run(("diff", "--against", "approved")) == 3
    assert run(("build",)) == 0
    capsys.readouterr()
    assert (checkout / "victim").read_text(encoding="utf-8") == "here"
    assert state(checkout.parent / "outside") == outside


def test_a_project_file_that_is_a_link_is_not_passed_over(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a link in a folder would make the command take a project further up."""
    (checkout / "inner").mkdir()
    (checkout / "inner" / "forwardc.yaml").symlink_to("nothing")
    monkeypatch.chdir(checkout / "inner")
    assert run(("check",)) == 1
    assert "FC0118 forwardc.yaml cannot be read: it is a link" in capsys.readouterr().out


def test_a_large_file_is_refused_by_its_size(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (*FILES, "build/manifest.json", PLAN):
        data = (checkout / place).read_bytes()
        # Nothing is written: a file may claim any size.
        os.truncate(checkout / place, 1 << 40)
        assert run(("build", "--check")) == 1, place
        assert "FC0103" in "".join(capsys.readouterr()), place
        (checkout / place).write_bytes(data)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_working_directory_that_is_gone_is_no_mistake_of_ours(
    command: str,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = checkout.parent / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(COMMANDS[command]) in (1, 2)
    assert "FC9901" not in "".join(capsys.readouterr())
