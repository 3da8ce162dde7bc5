"""What an address may begin with is shown to reviewers, and follows the merchant's setting."""

import json
from pathlib import Path

import pytest

from diff_project import edit
from forwardc.compile.pipeline import compile_project
from forwardc.core.diagnostics.sink import Sink


@pytest.fixture
def built(project: Path) -> dict[str, bytes]:
    """The files of a project whose merchant has an app of its own."""
    settings = "{merchant_account: ForwardcECOM}"
    edit(project, settings, "{merchant_account: ForwardcECOM, app_scheme: my-app}", "forwardc.yaml")
    sink = Sink()
    compiled = compile_project(project, sink)
    assert not sink.has_errors
    return dict(compiled.outputs())


def test_the_setting_is_one_of_the_schemes(built: dict[str, bytes]) -> None:
    plans = {
        name: json.loads(built[f"checkout/adyen/{name}.plan.json"])
        for name in ("sandbox", "production")
    }
    schemes = {name: plan["params"]["return_url"]["schemes"] for name, plan in plans.items()}
    assert schemes["sandbox"] == ["https", "http", "adyencheckout", "my-app"]
    assert schemes["production"] == ["https", "http", "adyencheckout"]


def test_the_page_names_them(built: dict[str, bytes]) -> None:
    page = built["checkout/adyen/review.html"].decode()
    assert "begins with https, http, adyencheckout" in page
