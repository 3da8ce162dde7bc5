"""`forwardc audit`: what people did, and whether anybody has changed the record of it since.

The events of the history vouch for one another, which is checked each time.
"""

import re
from typing import TYPE_CHECKING, Any

import click

from forwardc.cli.history.opening import change
from forwardc.cli.options import history_option
from forwardc.cli.output import json_option, say, say_lines, table

if TYPE_CHECKING:
    from forwardc.cli.history.opening import ChangeResult
    from forwardc.runtime.history.audit import ChainVerification
    from forwardc.runtime.history.records import Event
    from forwardc.runtime.history.store import Store

_HEAD = re.compile(r"[0-9a-f]{64}")


@click.command(short_help="Show what people did, and verify it.")
@click.option("--verify", is_flag=True, help="Follow the chain of all events; 1 where it breaks.")
@click.option("--expect", metavar="HEAD", help="Verify that an earlier head still stands, too.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@json_option
@history_option
def command(verify: bool, expect: str | None, limit: int, as_json: bool, history: str) -> int:
    """List approvals in force, clients, pauses, resolutions: the newest first.

    Each event vouches for the one before it, so that none can be changed, removed or put in unseen,
    but for the newest: note the head that --verify prints elsewhere, and --expect it later.
    """
    if expect is not None and not _HEAD.fullmatch(expect):
        raise click.BadParameter("a head has 64 hexadecimal digits.", param_hint="--expect")

    def work(store: "Store") -> "ChangeResult":
        if verify or expect is not None:
            return _verify(store, expect, as_json=as_json)
        return _list(store, limit, as_json=as_json)

    return change(history, work, as_json=as_json)


def _list(store: "Store", limit: int, *, as_json: bool) -> "ChangeResult":
    events = store.events(limit=limit)
    if as_json:
        return 0, {"events": [_json(event) for event in events]}
    if events:
        rows = [
            (event.at, event.kind, event.by, event.run_id or "-", event.description)
            for event in events
        ]
        say_lines(table(("AT", "KIND", "BY", "RUN", "WHAT"), rows))
    else:
        say("Nobody did anything that is recorded.")
    return 0, None


def _json(event: "Event") -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "run": event.run_id,
        "by": event.by,
        "what": event.description,
    }


def _verify(store: "Store", expect: str | None, *, as_json: bool) -> "ChangeResult":
    verification = store.verify_events()
    stands = expect is None or store.database.read(
        lambda tx: bool(tx.rows("SELECT 1 FROM events WHERE chain = ?", expect))
    )
    if not as_json:
        _say_verified(verification, stands=stands)
    figures = {
        "verified": verification.events,
        "head": verification.head,
        "first_wrong": verification.wrong,
    }
    result = figures | ({} if expect is None else {"expected_stands": stands})
    return 0 if verification.wrong is None and stands else 1, result


def _say_verified(verification: "ChainVerification", *, stands: bool) -> None:
    if verification.wrong is not None:
        say(f"event {verification.wrong} is not as it was written, or one before it is missing")
    elif not stands:
        say("the expected head is not there: events have been taken away")
    else:
        say(f"{verification.events} events stand as they were written")
        say(f"head {verification.head or '-'}")
