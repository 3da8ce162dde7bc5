"""The reference of the files that people write, made of their schemas and of a project that runs.

`sections` reads a schema: its maps, their keys, and under which conditions each may stand.
`examples` finds each key in the project `docs/examples/reference`, which a test checks, builds and
runs. `pages` writes both as Markdown: `docs/reference/`, and beside them what `places` finds out by
trying where each value may stand. One key followed: `doctype` of
`schemas/destination.schema.json` becomes a row of the section `request`, with *only beside `xml`*
from `dependentRequired` and the line of `letters.yaml` that has it.

A key without a description or without an example is a `ReferenceGapError`, which says where to
write what is missing.
"""
