"""Other codes of currencies and countries: numeric ones, and those of three letters.

The lists are files of the project, so that no update of a package changes what is sent; what a plan
looks up in stands in the plan.
"""

import json
from collections.abc import Mapping
from functools import cache

from forwardc.core.currencies import iso
from forwardc.core.resources import package_file


@cache
def code_table(function: str) -> Mapping[str, str]:
    """The table that a function looks up in, by ISO 4217 or ISO 3166-1 alpha-2 code, sorted.

    Raises `KeyError` for a function without a table.
    """
    match function:
        case "currency_number":
            current = {code: each.numeric for code, each in iso().current.items()}
            ended = {code: each.numeric for code, each in iso().ended.items() if each.numeric}
            return dict(sorted({**ended, **current}.items()))
        case "country_alpha3":
            return _countries("alpha3")
        case "country_number":
            return _countries("number")
        case _:
            raise KeyError(function)


def _countries(kind: str) -> Mapping[str, str]:
    text = package_file("compile", "language", "iso3166.json").read_text("utf-8")
    rows: Mapping[str, Mapping[str, str]] = json.loads(text)["codes"]
    return {code: row[kind] for code, row in sorted(rows.items())}
