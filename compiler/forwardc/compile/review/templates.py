"""Opens the templates of the review's pages, all under the same rules. Knows no page."""

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from forwardc.compile.review import markdown
from forwardc.core.diagnostics.render.clean import printable

if TYPE_CHECKING:
    from jinja2 import Template


def _visible(value: Any) -> Any:
    """Text without what hides; what is HTML already, of ours, stays."""
    return printable(value) if type(value) is str else value


@cache
def template(package: str, name: str, *filters: tuple[str, Callable[..., Any]]) -> "Template":
    """A template of a package, with filters by name.

    What it puts out is escaped for HTML or Markdown, and nothing of it drives a terminal or hides.
    Markdown has the filters `code` and `quoted`. Raises at rendering where a value is missing.
    """
    from jinja2 import Environment, StrictUndefined

    is_html = name.endswith(".html.j2")

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=name.endswith(".html.j2"),
        finalize=_visible if is_html else markdown.finalized,
    )
    environment.filters |= {"code": markdown.code, "quoted": markdown.quoted}
    environment.filters |= dict(filters)
    return environment.from_string(resources.files(package).joinpath(name).read_text("utf-8"))
