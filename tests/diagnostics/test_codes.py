"""The table of codes, its look-up, and one page for each code."""

import re

import pytest

from forwardc.core.diagnostics.codes import AREAS, CODES, lookup, page, pages, similar
from one_rule import one_rule


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert pages() == sorted(CODES)


def test_slugs_are_unique_and_name_problems_in_kebab_case() -> None:
    slugs = [code.slug for code in CODES.values()]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_numbers_lie_in_known_areas_and_stand_in_order() -> None:
    assert list(CODES) == sorted(CODES)
    assert {number[2:4] for number in CODES} == set(AREAS)
    assert all(re.fullmatch(r"FC\d{4}", number) for number in CODES)


@one_rule("number", CODES)
def test_page_explains_its_own_code_with_examples(number: str) -> None:
    text = page(number)
    lines = text.splitlines()
    assert lines[0] == f"# {number} {CODES[number].slug}"
    assert len(lines) <= 48
    fences = [line for line in lines if line.startswith("```") and line != "```"]
    assert fences in (["```yaml bad", "```yaml good"], ["```text"], ["```sh"])
    assert lines.count("```") == len(fences)


def test_a_code_is_found_by_number_or_slug_in_any_case() -> None:
    found = lookup("fc0302")
    assert found is not None
    assert found.slug == "unknown-name"
    assert found.area == "names and types"
    assert lookup(" Unknown-Name ") is found
    assert lookup("FC0399") is None
    assert lookup("") is None


def test_similar_codes_are_offered() -> None:
    assert "FC0302" in similar("FC302")
    assert similar("FC07") == ["FC0701", "FC0702", "FC0703", "FC0704", "FC0705"]
    assert similar("unkown-nam")[0] == "FC0302"
    assert similar("") == []
    assert similar("x" * 100_000) == []


def test_a_page_of_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        page("FC0000")


def test_a_code_cannot_be_used_to_read_another_file() -> None:
    with pytest.raises(KeyError):
        page("../codes.py")
