"""Reading the plans of this repository, and starting to: our reader against pydantic's.

What a start costs is told by processes of their own, which import the classes of plans and read
one: with pydantic the models are made of the same annotations.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.rows import ROOT, Effort, Row
from benchmarks.timing import paired, python

Tell = Callable[[str], object]
_PYDANTIC = "pydantic"
# So often at once that the clock of the processor says something.
_TURNS = 5
_READ = """
import sys
from forwardc.plan.model import Plan
from pathlib import Path
data = Path(sys.argv[1]).read_bytes()
"""
_OURS = f"""{_READ}
from forwardc.core.documents.reading import parsed_json, read_part
read_part(Plan, parsed_json(data))
"""
_THEIRS = f"""{_READ}
from benchmarks.pydantic_twins import model_of
model_of(Plan).model_validate_json(data)
"""


def document_reading(effort: Effort, _folder: Path, _tell: Tell) -> Iterator[Row]:
    """What the first plan costs a process, and what every other one does."""
    from benchmarks.pydantic_twins import model_of
    from forwardc.core.documents.reading import parsed_json, read_part
    from forwardc.plan.model import Plan

    files = sorted((ROOT / "build").glob("*/*/*.plan.json"))
    first = (str(files[0]),)
    whole = paired(
        python(("-c", _OURS, *first), folder=ROOT),
        python(("-c", _THEIRS, *first), folder=ROOT),
        effort.pairs * 2,
    )
    yield Row("a process that reads one plan", _PYDANTIC, whole.ours, whole.theirs, whole.ratio)
    plans = [file.read_bytes() for file in files]
    model: Any = model_of(Plan)

    def ours() -> None:
        for data in plans:
            read_part(Plan, parsed_json(data))

    def theirs() -> None:
        for data in plans:
            model.model_validate_json(data)

    again = paired(ours, theirs, effort.pairs, repeat=_TURNS)
    what = f"reading the {len(plans)} plans of the repository again"
    yield Row(what, _PYDANTIC, again.ours, again.theirs, again.ratio)
