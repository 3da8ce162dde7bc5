"""The document of the API names every problem with its status, and the limits that are in force."""

import re
from pathlib import Path

from forwardc.runtime.run.store_journal import LEASE_S as RUN_LEASE_S
from forwardc.server.http.problems import ProblemKind
from forwardc.server.payment_sharing import request as rules
from forwardc.server.payment_sharing.claims import LEASE_S
from forwardc.server.settings import LimitSettings, ReplaySettings


def test_every_problem_and_limit(root: Path) -> None:
    text = (root / "docs" / "partner-api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"\b([45][0-9]{2}) `([a-z-]+)`", text))
    assert told == {(str(kind.value.status), kind.slug) for kind in ProblemKind}
    for said in (
        f"1 to {rules.LONGEST_REFERENCE} characters",
        f"at most {rules.MOST_IDENTIFIERS} strings of at most {rules.LONGEST_VALUE} characters",
        f"names of at most {rules.LONGEST_NAME}",
        f"1 to {rules.LONGEST_KEY} visible",
        f"{LimitSettings().body // 1024} KiB and {rules.DEEPEST} levels",
        f"`replay.window_minutes` ({ReplaySettings().window_minutes} unless set)",
        f"`replay.key_hours` ({ReplaySettings().key_hours} unless set)",
        f"{LEASE_S:.0f} seconds until the run is recorded, {RUN_LEASE_S:.0f} afterwards",
    ):
        assert said in text, said
