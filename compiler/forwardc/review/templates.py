"""Opens the templates of the review's pages, all under the same rules. Knows no page."""

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def template(package: str, name: str, *filters: tuple[str, Callable[..., str]]) -> "Template":
    """A template of a package, with filters by name. HTML is escaped, Markdown is read as text.

    Raises at rendering where a value is missing.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=name.endswith(".html.j2"),
    )
    environment.filters |= dict(filters)
    return environment.from_string(resources.files(package).joinpath(name).read_text("utf-8"))
