"""A copy of the repository's build with a lock beside it: approvals of every state."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from forwardc.compile.review.approve import ApprovalAct, lock_bytes, with_approvals
from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.project import BuiltProject, where_set
from forwardc.plan.approvals import approval_key
from forwardc.plan.build_folder import read_plans
from forwardc.plan.lock import Lock, Revoked
from forwardc.plan.model import Plan
from forwardc.runtime.secret_providers.resolver import ProviderResolver
from real_runs import NOW

_ROOT: Final = Path(__file__).resolve().parents[2]
TODAY: Final = NOW.date()
BY: Final = "Aigerim Sadykova"
SET: Final = {"FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY": "canary-value-of-a-secret"}


def approved_build(folder: Path) -> BuiltProject:
    """The project of a dashboard: what ends in 9 days, has ended, was withdrawn or changed."""
    build = folder / "build"
    shutil.copytree(_ROOT / "build", build)
    plans = {(one.vault, one.destination, one.place): one for one in read_plans(build, Sink())}
    lock = Lock()
    stripe, checkout = (plans[vault, "adyen", "production"] for vault in ("stripe", "checkout"))
    lock = _with(lock, stripe, "card_cit", ApprovalAct(BY, _day(-80), _day(9), "FWD-2041"))
    lock = _with(lock, stripe, "card_mit", ApprovalAct(BY, _day(-200), _day(-3)))
    lock = _with(lock, checkout, "card_cit", ApprovalAct(BY, _day(-10)))
    lock = _with(lock, checkout, "card_mit", ApprovalAct(BY, _day(-10), _day(200)))
    gone = plans["checkout", "token_vault", "production"]
    lock = _with(lock, gone, "tokenize", ApprovalAct(BY, _day(-10)))
    _unbuild(build, "checkout/token_vault/production.plan.json")
    own = dict(lock.own)
    withdrawn = Revoked(date=_day(-1), by="Dana", reason="the account was closed")
    key = approval_key(checkout, "card_mit")
    own[key] = replace(own[key], revoked=withdrawn)
    lock = replace(lock, own=own)
    (folder / "forwardc.lock").write_bytes(lock_bytes(lock))
    return BuiltProject(build, where_set(ProviderResolver(SET)))


def _unbuild(build: Path, plan: str) -> None:
    """Leave a plan out, as if its operation were not built any more."""
    manifest = json.loads((build / "manifest.json").read_text(encoding="utf-8"))
    del manifest["outputs"][plan]
    (build / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (build / plan).unlink()


def _with(lock: Lock, plan: Plan, operation: str, act: ApprovalAct) -> Lock:
    sink = Sink()
    found = with_approvals(lock, plan, [operation], act, sink)
    assert found is not None, [one.message for one in sink.sorted()]
    return found


def _day(days: int) -> date:
    return TODAY + timedelta(days=days)


def spoil(project: BuiltProject) -> None:
    """Change the table of coverage behind the manifest's back."""
    file = Path(str(project.build)) / "coverage.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told["coverage"][0]["level"] = "full"
    file.write_text(json.dumps(told), encoding="utf-8")
