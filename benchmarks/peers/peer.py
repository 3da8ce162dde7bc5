"""The peers, each with its command for the job, and the proof that it does the job.

A peer is timed only after it gave the same as the floor for the same definitions, and refused every
mistake: a peer that checks less, or renders less, would be no measure.
"""

import copy
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.floor import parse
from benchmarks.peers import install, jsonnet_source, pkl_source
from benchmarks.peers.mistakes import MISTAKES
from benchmarks.project import destination


class UnequalError(Exception):
    """A peer does another job than ours; the text says where."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A language with a command that renders all definitions into a folder.

    `write` puts the definitions in its own language into a new folder and gives the main module.
    """

    name: str
    write: Callable[[Path, Mapping[str, Any]], Path]
    command: Callable[[Path, Path], list[str]]


def peers(tell: Callable[[str], object]) -> Iterator[Peer]:
    """Each peer that can be had; of another, `tell` is told why it is left out."""
    for name, offer in (("Pkl 0.28", _pkl), ("jrsonnet", _jsonnet)):
        try:
            yield offer(name)
        except install.NoPeerError as problem:
            tell(f"{name} is left out: {problem}")


def job(peer: Peer, folder: Path, size: int) -> list[str]:
    """The command that renders `size` generated definitions, which are written to `folder`."""
    module = peer.write(folder, definitions(size))
    return peer.command(module, folder / "out")


def definitions(size: int) -> dict[str, Any]:
    """The generated definitions as data, by name: what the floor reads from their YAML."""
    parsed = (parse(destination(number)) for number in range(size))
    return {data["name"]: data for data in parsed}


def prove_equal(out: Path, floor: Path) -> None:
    """Compare what a peer wrote with the floor's files, as data. Raises `UnequalError`."""
    ours, theirs = _data(floor), _data(out)
    if ours.keys() != theirs.keys():
        raise UnequalError(f"other files: {sorted(ours.keys() ^ theirs.keys())[:4]}")
    for name, data in ours.items():
        if theirs[name] != data:
            raise UnequalError(f"{name} is another")


def prove_refusals(peer: Peer, folder: Path) -> None:
    """See that the peer refuses each mistake, wherever it stands. Raises `UnequalError`."""
    good, wrong = definitions(1), list[str]()
    for what, change in {"": None, **MISTAKES}.items():
        data = copy.deepcopy(good)
        if change is not None:
            change(data["psp_0000"])
        module = peer.write(folder / "refused", data)
        command = peer.command(module, folder / "refused" / "out")
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ours
        if (done.returncode == 0) is not (change is None):
            wrong.append(what or "what is right")
        shutil.rmtree(folder / "refused")
    if wrong:
        raise UnequalError(f"{peer.name} judges otherwise: {', '.join(wrong)}")


def _data(folder: Path) -> dict[str, Any]:
    files = {path.name: json.loads(path.read_bytes()) for path in folder.glob("*.json")}
    for name, data in files.items():
        if name.endswith(".template.json"):
            # The body is a text that holds JSON: its spaces say nothing.
            call = data["destination_request"]
            call["body"] = json.loads(call["body"])
    return files


def _pkl(name: str) -> Peer:
    command = str(install.pkl())
    return Peer(
        name,
        pkl_source.write,
        lambda module, out: [command, "eval", "--multiple-file-output-path", str(out), str(module)],
    )


def _jsonnet(name: str) -> Peer:
    python = str(install.jsonnet())
    script = str(Path(__file__).with_name("jsonnet_files.py"))
    return Peer(
        name, jsonnet_source.write, lambda module, out: [python, script, str(module), str(out)]
    )
