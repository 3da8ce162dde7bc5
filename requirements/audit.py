"""Asks for known holes in the locked packages: `make audit`.

Ends with 0 where every package was looked up and none has a known hole, with 1 where one has, and
with 2 where something was not looked up: it says NOT AUDITED then, and never passed. Options are
those of pip-audit, such as `--vulnerability-service osv`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("dev.txt")
# Its holes are known since 2019 (CVE-2019-10906): who does not know of them knows of none.
CANARY = ("jinja2", "2.10")
_HASH = "sha256:" + "0" * 64


def main(options: list[str]) -> int:
    """Look every package of the lock up, say what came of it, and give the exit code."""
    try:
        known = _looked_up(LOCK.read_text(encoding="utf-8"), options)
        canary = _looked_up(f"{CANARY[0]}=={CANARY[1]} --hash={_HASH}\n", options)
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as problem:
        _say(f"NOT AUDITED: pip-audit gave no report ({type(problem).__name__})")
        return 2
    for one in known:
        for hole in one.get("vulns", ()):
            _say(f"{one['name']} {one['version']}: {hole['id']}, fixed in {_fixed(hole)}")
    unknown = sorted(one["name"] for one in known if "skip_reason" in one)
    if not known or unknown:
        _say(f"NOT AUDITED: {len(unknown)} of {len(known)} packages were not looked up")
    elif not any(one.get("vulns") for one in canary):
        _say(f"NOT AUDITED: who was asked knows no hole of {' '.join(CANARY)}, which has some")
    else:
        return _end(known)
    return 2


def _end(known: list[Any]) -> int:
    holed = sum(bool(one["vulns"]) for one in known)
    _say(f"audited: {len(known)} packages, {holed} with known holes")
    return int(holed > 0)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _fixed(hole: dict[str, Any]) -> str:
    return ", ".join(hole["fix_versions"]) or "no version"


def _looked_up(requirements: str, options: list[str]) -> list[Any]:
    """What pip-audit says of each package. Raises where it says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        asked, report = Path(folder, "asked.txt"), Path(folder, "report.json")
        asked.write_text(requirements, encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(asked), "--disable-pip"]
        command += ["--require-hashes", "--progress-spinner", "off", "--timeout", "10"]
        command += ["--format", "json", "--output", str(report), *options]
        # Its exit code is the same for a hole and for a network that is not there.
        subprocess.run(command, capture_output=True, timeout=600)  # noqa: S603 - our own arguments
        dependencies: list[Any] = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
        return dependencies


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
