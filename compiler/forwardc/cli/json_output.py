"""The one form of `--json`: a document with its version, the result, and what was found.

What a document holds is told by `schemas/output/`. Knows no command.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from forwardc.cli.output import say_json

if TYPE_CHECKING:
    from pathlib import Path

    from forwardc.core.diagnostics.sink import Sink

VERSION: Final = 1
"""Of the documents. Members are only added while it stays."""

json_option = click.option("--json", "as_json", is_flag=True, help="Show the result as JSON.")


def say_document(
    result: Mapping[str, Any] | None, sink: "Sink", root: "Path | None" = None
) -> None:
    """Write a result, and every finding beside it; None where there is no result.

    `root` is the project's folder, where findings have places in its files.
    """
    from forwardc.cli.findings import seen
    from forwardc.core.diagnostics.render.render import DiagnosticFormat, render

    problems = json.loads(render(sink.sorted(), DiagnosticFormat.JSON, seen(root)))
    say_json({"forwardc": VERSION, **(result or {}), "problems": problems})
