"""Every file of `build/` as bytes: plans, set-up, coverage and the manifest with their digests.

Byte-stable: no clock, no path of a machine, no order of a set. Writes nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from forwardc.review import coverage
from forwardc.review.coverage_page import to_markdown
from forwardc.review.setup import setup_file
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json
from forwardc.vaults.plan_file import PLAN_VERSION, plan_file, to_bytes

LANGUAGE_VERSION = 1


class Inputs(Protocol):
    """The files that were compiled, by path."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Bytes by path."""


def outputs(
    inputs: Inputs, assessments: Sequence[Assessment], not_built: Sequence[Json]
) -> dict[str, bytes]:
    """All files by their path below `build/`, sorted."""
    files: dict[str, bytes] = {}
    lacking: list[Json] = list(not_built)
    for group in _groups(assessments):
        files |= _plan_files(group, lacking)
    rows = coverage.rows(assessments)
    files["coverage.json"] = to_bytes(coverage.to_json(rows, lacking))
    files["coverage.md"] = to_markdown(rows, lacking).encode()
    ordered = dict(sorted(files.items()))
    return {**ordered, "manifest.json": to_bytes(_manifest(inputs.files, ordered))}


def _groups(assessments: Sequence[Assessment]) -> list[list[Assessment]]:
    """The assessments of each program at each vault."""
    grouped: dict[tuple[str, str, str], list[Assessment]] = {}
    for one in assessments:
        program = one.context.program
        key = (one.vault.name, program.destination, program.environment)
        grouped.setdefault(key, []).append(one)
    return list(grouped.values())


def _plan_files(group: list[Assessment], lacking: list[Json]) -> dict[str, bytes]:
    vault, context = group[0].vault, group[0].context
    program, account = context.program, dict(context.account)
    missing = [key for key in vault.account_keys if key not in account]
    plan = plan_file(vault, program, account, group)
    if plan is None:
        return {}
    if missing:
        lacking.append(
            {
                "destination": program.destination,
                "environment": program.environment,
                "vault": vault.name,
                "why": f"forwardc.yaml gives no {', '.join(missing)}",
            }
        )
        return {}
    folder = f"{vault.name}/{program.destination}/{program.environment}"
    setup = setup_file(vault, program, account, plan, group)
    return {f"{folder}.plan.json": to_bytes(plan), f"{folder}.setup.json": to_bytes(setup)}


def _manifest(inputs: Mapping[str, bytes], files: Mapping[str, bytes]) -> Json:
    return {
        "forwardc": PLAN_VERSION,
        "language": LANGUAGE_VERSION,
        "inputs": {path: _digest(data) for path, data in sorted(inputs.items())},
        "outputs": {path: _digest(data) for path, data in files.items()},
    }


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
