"""Which files are written about a program at a vault, before they are bytes: structures and texts.

Each kind of file is a writer in `WRITERS`; a writer sees a pack and no other writer.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from forwardc.compile.review.checklist.checklist import checklist
from forwardc.compile.review.pack import Pack
from forwardc.compile.review.production_config import production_configs
from forwardc.compile.review.submission import submissions

Files: TypeAlias = dict[str, Any]
"""Paths below `build/` with a text, or a structure that may hold terms."""


def _plan(pack: Pack) -> Files:
    return {f"{pack.folder}/{pack.program.place}.plan.json": pack.plan}


def _setup(pack: Pack) -> Files:
    # The questions are asked once: of the account that the letters are about.
    questions = checklist(pack) if pack.leads else []
    asked = {"checklist": questions} if questions else {}
    return {f"{pack.folder}/{pack.program.place}.setup.json": {**pack.setup, **asked}}


WRITERS: tuple[Callable[[Pack], Files], ...] = (_plan, _setup, production_configs, submissions)


def files_of(pack: Pack) -> Files:
    """Everything that is written about a pack."""
    return {path: content for writer in WRITERS for path, content in writer(pack).items()}
