"""What an admin can do: pause, unpause, and resolve a run whose fate was unknown.

Each leaves an event with whoever did it. Who may call them is checked before.
"""

import asyncio
import re
from collections.abc import Mapping

from forwardc.dashboard.views import PageRefusedError, ViewContext, ViewRequest
from forwardc.runtime.recovery.resolve import WORDS, resolve_run
from forwardc.runtime.run.journal import JournalError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_SAID = {"approved": "approved", "declined": "declined", "not_sent": "never received"}


def pause(context: ViewContext, request: ViewRequest) -> str:
    """Stop what is sent to a vault or destination."""
    name, by = _name(request.form), _who(request)
    context.store.pause(name, by, _line(request.form, "reason", 200))
    return "/pauses?done=1"


def unpause(context: ViewContext, request: ViewRequest) -> str:
    """Let a paused vault or destination be called again.

    Raises `PageRefusedError` where it is not paused.
    """
    name, by = _name(request.form), _who(request)
    if not context.store.unpause(name, by):
        raise PageRefusedError(409, "Not paused", "Somebody has resumed it already.")
    return "/pauses?done=1"


def resolve_by_hand(context: ViewContext, request: ViewRequest) -> str:
    """Record what became of an unknown run, as the destination told.

    Raises `PageRefusedError` where the form is not right, or there is nothing to resolve.
    """
    word, by = request.form.get("as", ""), _who(request)
    if word not in WORDS:
        raise _wrong("Choose what became of the run: approved, declined or never received.")
    run = context.store.load(request.path["run_id"])
    reason = f"{_SAID[word]}, says {by}"
    try:
        resolved = run is not None and asyncio.run(
            resolve_run(context.store, run, word, by, reason)
        )
    except JournalError:
        text = "Another process works on this run. Look again in a few minutes."
        raise PageRefusedError(409, "The run is in use (FC0823)", text) from None
    if not resolved:
        text = "There is no such run, or its fate is known already."
        raise PageRefusedError(409, "Nothing to settle", text)
    return "/unknown?settled=1"


def _who(request: ViewRequest) -> str:
    """The name that the form gives, and the client that signed in, which nobody can make up."""
    by, client_id = _line(request.form, "by", 80), request.session.client_id
    return f"{by} ({client_id})" if client_id else by


def _name(form: Mapping[str, str]) -> str:
    name = form.get("name", "").strip()
    if not _NAME.match(name):
        raise _wrong("Name a vault or a destination, as the plans do.")
    return name


def _line(form: Mapping[str, str], name: str, most: int) -> str:
    text = form.get(name, "").strip()
    if not text or len(text) > most or not text.isprintable():
        expected = "your name" if name == "by" else "a reason"
        raise _wrong(f"Give {expected}, in one line of at most {most} characters.")
    return text


def _wrong(text: str) -> PageRefusedError:
    return PageRefusedError(400, "The form is not complete", text)
