"""The project that a dashboard stands beside: what is built, approved, and by name supplied.

Files of a checkout are nobody's to trust: each is read by the rules of its kind, at every page
anew. Of a secret only the name is told, and where one is set; no source is asked.
"""

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import BUILT as PUT_THERE
from forwardc.core.diagnostics.text_file import unreadable
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.digest import file_digest
from forwardc.core.files.kinds import BUILT, FileRefusedError
from forwardc.plan.build_folder import read_manifest, read_plans
from forwardc.plan.formats import lock_of_build
from forwardc.plan.lock import Lock, read_lock
from forwardc.plan.model import Plan
from forwardc.runtime.secret_providers.resolver import ProviderResolver

PlaceOfVariable = Callable[[str], str | None]
"""From a variable to the place where it is set, in words; None where nowhere."""

COVERAGE: Final = "coverage.json"
_HINT: Final = "run `forwardc build`"
_Line = Annotated[str, StringConstraints(max_length=2_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class BuiltCoverageReason(_Part):
    """Why an operation is not full through a vault."""

    code: _Line
    verdict: _Line
    message: _Line
    step: _Line | None = None


class BuiltArrangement(_Part):
    """What a vault agreed to for an operation, or what a sandbox plays as if it had."""

    id: _Line
    ticket: _Line = ""
    date: _Line = ""
    as_if_agreed: bool = False


class BuiltCoverageRow(_Part):
    """One operation through one vault."""

    destination: _Line
    operation: _Line
    vault: _Line
    level: _Line
    status: _Line = ""
    environments: tuple[_Line, ...] = ()
    reasons: tuple[BuiltCoverageReason, ...] = ()
    arrangements: tuple[BuiltArrangement, ...] = ()


class BuiltCoverage(_Part):
    """What `build/coverage.json` says."""

    forwardc: int
    coverage: tuple[BuiltCoverageRow, ...]


@dataclass(frozen=True, slots=True)
class BuiltProject:
    """What was built, where it lies, and what this process has of the secrets.

    `made_up`: a sandbox plays the vaults, and no secret is needed.
    """

    build: Path | CheckoutPath
    where: PlaceOfVariable = field(default=lambda _: None, repr=False)
    made_up: bool = False

    def plans(self, sink: Sink) -> tuple[Plan, ...]:
        """Every plan that can be read; what is wrong with others is in the sink."""
        return tuple(read_plans(self.build, sink))

    def lock(self, sink: Sink) -> Lock | None:
        """The approvals; None with the reason in the sink."""
        return read_lock(lock_of_build(self.build), sink)

    def coverage(self, sink: Sink) -> BuiltCoverage | None:
        """The table of operation by vault, as it was built; None with the reason in the sink."""
        manifest = read_manifest(self.build, sink)
        if manifest is None:
            return None
        path = f"{Path(str(self.build)).as_posix()}/{COVERAGE}"
        try:
            data = (as_checkout(self.build) / COVERAGE).read(BUILT)
        except FileRefusedError as problem:
            unreadable(problem, path, "FC0702", sink, hint=PUT_THERE)
            return None
        except OSError:
            sink.error("FC0702", f"{path} cannot be read", hint=_HINT)
            return None
        if manifest.outputs.get(COVERAGE) != file_digest(data):
            sink.error("FC0702", f"{path} is not what was built", hint=_HINT)
            return None
        return coverage_of(data, path, sink)


def coverage_of(data: bytes, path: str, sink: Sink) -> BuiltCoverage | None:
    """The table of these bytes; None with FC0702 in the sink."""
    try:
        return BuiltCoverage.model_validate_json(data)
    except (ValidationError, RecursionError):
        sink.error("FC0702", f"{path} is no table of coverage", hint=_HINT)
        return None


def where_set(look_up: ProviderResolver) -> PlaceOfVariable:
    """Where variables are set for a process. Reads names; a source that is named is not asked."""

    def where(variable: str) -> str | None:
        if look_up.bindings.values.get(variable):
            return "secrets file"
        reference = look_up.bindings.reference(variable)
        if reference is not None:
            return f"{reference.kind}, named by the secrets file and not asked"
        return "environment" if look_up.environ.get(variable) else None

    return where


def problems(sink: Sink) -> list[Diagnostic]:
    """What a page says of files that could not be read, in order."""
    return list(sink.sorted())
