"""What stays of a destination that went through all stages: its trees are gone, this is kept.

It says what the destination was made from (`files`, `live`), what rules over the project look at
(`summary`), what is reported (`findings`), and, where files were asked for, what stands in `build/`
for it (`built`): digests and its part of coverage, but no bytes of its files. It depends on no
day, so that it holds as long as what it was made from. `core/records.py` writes it as JSON.
"""

from collections.abc import Mapping
from dataclasses import field

from forwardc.compile.ir.summary import DestinationSummary, NotBuilt
from forwardc.compile.review.coverage import CoveragePart
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.levels import AllowComment, Suppression


@dataclass(frozen=True, slots=True)
class BuiltDestination:
    """The files of a destination in `build/`, and its part of coverage."""

    outputs: Mapping[str, str]
    """The digest of each file, by its path below the build folder, in the order of writing."""
    coverage: CoveragePart
    lacking: tuple[NotBuilt, ...]
    """What has no plan because `forwardc.yaml` lacks something of the account."""


@dataclass(frozen=True, slots=True)
class CompiledDestination:
    """One file of the project, compiled as far as its mistakes let it."""

    path: str
    files: Mapping[str, str]
    """The digest of each file that was read: of its own and of its evidence."""
    summary: DestinationSummary | None = None
    """None where the file gave no destination."""
    findings: tuple[Diagnostic, ...] = ()
    """Those up to the check, sorted, at the levels that the project chose."""
    suppressed: tuple[Suppression, ...] = ()
    """What a comment of the file or a rule of the project suppressed, up to the check."""
    allows: tuple[AllowComment, ...] = ()
    """What comments of the file allow, so that those that allow nothing are known at the end."""
    assessment_findings: tuple[Diagnostic, ...] = ()
    """Those of the vaults' assessment: nobody is told of them while there are errors anywhere."""
    is_assessed: bool = False
    """Whether vaults were asked: they are not once an error is known."""
    live: Mapping[str, bool] = field(default_factory=dict)
    """Hosts of other destinations that were asked about, and whether they were known as live."""
    built: BuiltDestination | None = None
    """None where no files were asked for, or a mistake kept them from being made."""

    @property
    def has_errors(self) -> bool:
        """Whether a finding up to the check is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)
