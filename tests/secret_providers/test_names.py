"""Names that hold no secret: told by name, refused where they are of the old form."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.secret_names import SecretId
from forwardc.runtime.secret_providers.resolver import open_resolver
from forwardc.runtime.secret_providers.variable_names import check_variable_names, nearest_variable

Written = Callable[..., Path]
RAW = "hush-hush-1234"
KEY = SecretId("secret", "sandbox", "", "adyen", "adyen_api_key")
OTHER = SecretId("secret", "sandbox", "", "adyen_adyen", "api_key")
OLD = "FORWARDC_SECRET_ADYEN_ADYEN_API_KEY"


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({OLD: RAW}, ""),
        ({OLD: ""}, ""),
        ({}, f'{OLD} = "{RAW}"'),
        ({}, f'[from]\n{OLD} = "env:{RAW}"'),
    ],
)
def test_an_old_name_is_refused_with_the_new_one(
    written: Written, environ: dict[str, str], text: str
) -> None:
    sink = Sink()
    open_resolver(environ, written(text), sink, [KEY])
    (problem,) = sink.sorted()
    assert (problem.code, sink.has_errors) == ("FC0847", True)
    assert OLD in problem.message
    assert KEY.variable in str(problem.hint)
    assert RAW not in repr(problem)


def test_an_old_name_that_could_stand_for_two_names_both() -> None:
    sink = Sink()
    check_variable_names([OLD], [KEY, OTHER, KEY], sink)
    assert f"{KEY.variable} or {OTHER.variable}:" in str(sink.sorted()[0].hint)


def test_an_old_name_of_nothing_that_is_built_is_refused_with_the_form() -> None:
    sink = Sink()
    check_variable_names(["FORWARDC_VAULT_X_API_KEY"], [KEY], sink)
    assert "FORWARDC_VAULT__<ENVIRONMENT>__<OWNER>__<NAME>" in str(sink.sorted()[0].hint)
    assert sink.has_errors


@pytest.mark.parametrize(
    "name", ["FORWARDC_SECRET__ADYEN__ADYEN_API_KEY", "FORWARDC_VAULT__sandbox__STRIPE__API_KEY"]
)
def test_a_name_of_no_secret_is_told(written: Written, name: str) -> None:
    sink = Sink()
    open_resolver({}, written(f'{name} = "{RAW}"'), sink)
    assert [(one.code, name in one.message) for one in sink.sorted()] == [("FC0848", True)]
    assert not sink.has_errors


def test_names_that_are_right_or_not_ours_are_not_spoken_of() -> None:
    sink = Sink()
    names = [KEY.variable, "FORWARDC_SECRETS", "FORWARDC_LOOKUP_TOKEN", "HOME"]
    check_variable_names(names, iter(()), sink)
    assert sink.sorted() == []


def test_what_is_wanted_is_not_asked_for_while_all_names_are_right() -> None:
    def wanted():
        raise AssertionError("read")
        yield

    check_variable_names([KEY.variable], wanted(), Sink())


ASKED = "FORWARDC_SECRET__PRODUCTION__ADYEN__ADYEN_API_KEY"


@pytest.mark.parametrize(
    "set_name",
    [
        "FORWARDC_SECRET__PRODUCTION__ADYEN__ADYEN_API_KYE",
        "FORWARDC_SECRET__PRODUCTION__ADYEN__ADYENAPI_KEY",
        "FORWARDC_SECRET__PRODUCTION__ADYN__ADYEN_API_KEY",
        "FORWARDC_SECRET__PRODUCITON__ADYEN__ADYEN_API_KEY",
        "FORWARDC_SECRET__PRODUCTION_ADYEN__ADYEN_API_KEY",
        "FORWARDC_SECRET__PRODUCTION__ADYEN_ADYEN_API_KEY",
        "forwardc_secret__production__adyen__adyen_api_key",
    ],
)
def test_one_misspelling_is_asked_about(set_name: str) -> None:
    assert nearest_variable(ASKED, ["HOME", set_name]) == set_name


@pytest.mark.parametrize(
    "set_name",
    [
        "FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY",
        "FORWARDC_SECRET__PRODUCTION__US__ADYEN__ADYEN_API_KEY",
        "FORWARDC_SECRET__PRODUCTION__VISA__VISA_API_KEY",
        "FORWARDC_VAULT__PRODUCTION__ADYEN__API_KEY",
        "ADYEN_API_KEY",
    ],
)
def test_the_key_of_something_else_is_never_proposed(set_name: str) -> None:
    assert nearest_variable(ASKED, [set_name, ASKED]) is None
