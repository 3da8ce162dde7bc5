"""A project of one destination with an arrangement: what it compiles to, and runs of it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from emulated import Emulated
from forwardc.cli.sandbox.project import project_data
from forwardc.compile.compiled import Compiled
from forwardc.compile.pipeline import compile_project
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.run.result import RunResult
from forwardc.sandbox.project import OnboardedProject, read
from forwardc.sandbox.world import OutboundRequest, World

TODAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
ACCOUNTS = {"sandbox": "acct_1QzTk3mWv7RbXn2L", "production": "acct_1QzTk3mWv7RbXn2M"}
VENDOR = """\
forwardc: 1
name: vendor
title: A vendor with dates of its own
docs: https://vendor.example/docs
environments:
  sandbox: {base_url: https://test.vendor.example}
  production: {base_url: https://pay.vendor.example}
operations:
  pay:
    initiator: customer
    steps:
      exec:
        request:
          POST: /pay
          json: {number: "${card.number}", expire: "${card.expiry.YY}${card.expiry.MM}"}
        response: {outcome: by_status}
arrangements:
  expiry: {vault: stripe, steps: [pay.exec], fills: [{at: /expire, format: YYMM}]}
"""
GRANT = "{ticket: STRIPE-0001234, date: 2026-11-12, by: Stripe support}"


def project(
    folder: Path, destination: str = VENDOR, *, grants: dict[str, str] | None = None
) -> Path:
    """Write a project; `grants` are those of `vendor.expiry` by environment."""
    (folder / "destinations").mkdir(parents=True, exist_ok=True)
    (folder / "destinations" / "vendor.yaml").write_text(destination, encoding="utf-8")
    lines = ["forwardc: 1", "merchant: {name: Shop of Tests}", "environments:"]
    for name, account in ACCOUNTS.items():
        grant = (grants or {}).get(name)
        agreed = f", arrangements: {{vendor.expiry: {grant}}}" if grant else ""
        lines.append(f"  {name}: {{vaults: {{stripe: {{account: {account}{agreed}}}}}}}")
    (folder / "forwardc.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@dataclass
class Built:
    """A compiled project. `found` is what was reported."""

    compiled: Compiled
    files: dict[str, bytes]
    found: list[str] = field(default_factory=list)

    def plan(self, vault: str, destination: str, place: str) -> Plan:
        """One plan."""
        return load_plan(self.files[f"{vault}/{destination}/{place}.plan.json"])

    def plans(self) -> list[Plan]:
        """All plans."""
        return [load_plan(data) for path, data in self.files.items() if path.endswith("plan.json")]

    def reasons(self, vault: str, environment: str) -> list[str]:
        """Codes and reasons of a vault in one environment, each in one line."""
        return [
            f"{finding.verdict} {finding.code} {finding.reason}"
            for one in self.compiled.assessments
            if one.vault.name == vault and one.context.program.place == environment
            for finding in one.findings
        ]


def built(folder: Path, today: date | None = TODAY) -> Built:
    """Compile a project; with mistakes there are no files."""
    sink = Sink()
    compiled = compile_project(folder, sink, today)
    found = [f"{one.severity} {one.code} {one.message}" for one in sink.sorted()]
    files = {} if sink.has_errors else dict(compiled.outputs())
    return Built(compiled, files, found)


def handed(plans: list[Plan]) -> OnboardedProject:
    """What a sandbox is told of plans."""
    return read(project_data(plans, Lock(), TODAY))


def sent(
    plan: Plan, operation: str, source: str, **texts: str
) -> tuple[RunResult, OutboundRequest]:
    """Run an operation in a sandbox that knows the plan: the result, and what arrived."""
    emulated = Emulated(World(now=lambda: NOW, project=handed([plan])))
    result = emulated.run(plan.vault, plan.destination, operation, source, plan=plan, **texts)
    return result, emulated.exchanges[-1][0]
