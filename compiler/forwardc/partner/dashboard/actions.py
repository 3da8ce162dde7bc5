"""What an admin can do: pause, resume, and settle a run whose fate was unknown.

Each leaves an event with the name of whoever did it. Who may call them is checked before.
"""

import re
from collections.abc import Mapping

from forwardc.partner.dashboard.desk import Asked, Desk, Refused
from forwardc.plan.program import Outcome
from forwardc.runtime.history.errors import UnknownRun
from forwardc.runtime.shapes import Party

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_SETTLED = {
    "approved": (Outcome.APPROVED, None),
    "declined": (Outcome.DECLINED, None),
    "not_sent": (Outcome.REJECTED, Party.VAULT),
}
_SAID = {"approved": "approved", "declined": "declined", "not_sent": "never received"}


def pause(desk: Desk, asked: Asked) -> str:
    """Stop what is sent to a vault or destination."""
    name, by = _name(asked.form), _line(asked.form, "by", 80)
    desk.store.pause(name, by, _line(asked.form, "reason", 200))
    return "/pauses?done=1"


def resume(desk: Desk, asked: Asked) -> str:
    """Let a paused vault or destination be called again."""
    name, by = _name(asked.form), _line(asked.form, "by", 80)
    if not desk.store.resume(name, by):
        raise Refused(409, "Not paused", "Somebody has resumed it already.")
    return "/pauses?done=1"


def settle(desk: Desk, asked: Asked) -> str:
    """Record what became of an unknown run, as the destination told."""
    outcome, by = asked.form.get("as", ""), _line(asked.form, "by", 80)
    if outcome not in _SETTLED:
        raise _wrong("Choose what became of the run: approved, declined or never received.")
    meaning, rejected_by = _SETTLED[outcome]
    reason = f"{_SAID[outcome]}, says {by}"
    try:
        settled = desk.store.resolve(
            asked.path["run_id"], meaning, by, rejected_by=rejected_by, reason=reason
        )
    except UnknownRun:
        settled = False
    if not settled:
        text = "There is no such run, or its fate is known already."
        raise Refused(409, "Nothing to settle", text)
    return "/unknown?settled=1"


def _name(form: Mapping[str, str]) -> str:
    name = form.get("name", "").strip()
    if not _NAME.match(name):
        raise _wrong("Name a vault or a destination, such as stripe.")
    return name


def _line(form: Mapping[str, str], name: str, most: int) -> str:
    text = form.get(name, "").strip()
    if not text or len(text) > most or not text.isprintable():
        what = "your name" if name == "by" else "a reason"
        raise _wrong(f"Give {what}, in one line of at most {most} characters.")
    return text


def _wrong(text: str) -> Refused:
    return Refused(400, "The form is not complete", text)
