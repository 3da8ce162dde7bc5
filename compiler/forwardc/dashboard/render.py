"""Turns a page into HTML: the templates, and how times, counts and durations are written.

Every value is escaped by the template engine; only charts, which escape by themselves, are markup.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from forwardc.core.diagnostics.render.printable import printable
from forwardc.core.recognizer.scan import mask
from forwardc.dashboard.charts import duration, number, share
from forwardc.dashboard.login import Session
from forwardc.dashboard.views import Page, ViewContext

if TYPE_CHECKING:
    from jinja2 import Environment

# What the menu shows in two digits; more are `99+`.
_MOST_WAITING = 99


def render(context: ViewContext, page: Page, session: Session | None) -> str:
    """The text of a page. The frame shows who is signed in and how many runs are unresolved."""
    waiting = context.waiting(_MOST_WAITING + 1) if session else 0
    shown = f"{_MOST_WAITING}+" if waiting > _MOST_WAITING else waiting
    return (
        _environment(tuple(pages.package for pages in context.settings.pages))
        .get_template(page.template)
        .render(
            {
                "here": "",
                **page.values,
                "session": session,
                "waiting": shown,
                "menu": [entry for pages in context.settings.pages for entry in pages.menu],
                "history_name": context.store.name,
            }
        )
    )


@cache
def _environment(others: tuple[str, ...] = ()) -> "Environment":
    """The templates of this package, and of others that add pages."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader(package, "templates") for package in ("forwardc.dashboard", *others)]
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        finalize=_fit,
    )
    environment.filters.update(
        number=number,
        share=share,
        duration=duration,
        moment=moment,
        iso=_iso,
        day=_day,
        pretty=_pretty,
        masked=mask,
    )
    return environment


def moment(when: datetime | str | None) -> str:
    """A time as people read it, in UTC and to the second."""
    time = _read(when)
    return time.strftime("%d %b %Y, %H:%M:%S") if time else "–"


def _day(when: datetime | str | None) -> str:
    time = _read(when)
    return time.strftime("%d %b, %H:%M") if time else "–"


def _iso(when: datetime | str | None) -> str:
    time = _read(when)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""


def _fit(value: Any) -> Any:
    """What others wrote must not hide on a page, or reorder it. Markup is ours."""
    return printable(value) if type(value) is str else value


def _pretty(text: str) -> str:
    """A body on lines of its own where it is whole JSON; else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _read(when: Any) -> datetime | None:
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    return when.astimezone(UTC) if isinstance(when, datetime) else None
