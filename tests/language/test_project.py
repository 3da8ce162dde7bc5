"""What `forwardc.yaml` becomes, and how its values are checked against a destination."""

import pytest

from forwardc.compile.language.destination import Destination
from forwardc.compile.language.project import Project
from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.read_project import read_project
from forwardc.compile.language.schema import validate
from forwardc.compile.language.setting_values import check_settings
from forwardc.compile.language.summarize import summary_of
from forwardc.compile.language.yaml_reader import read
from forwardc.compile.passes.project_checks import check_project_names
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Lit
from forwardc.plan.environment import EnvironmentClass, implied

DESTINATION = """\
forwardc: 1
name: shop
title: A shop
environments:
  sandbox: {base_url: "https://${settings.host}"}
  production: {base_url: "https://${settings.label}.shop.example"}
settings:
  host: {type: host, default: test.shop.example}
  label: {type: string, pattern: "[a-z]+"}
  account: {type: string, min_length: 3, max_length: 5}
  size: {type: integer, minimum: 1, maximum: 9, default: 2}
  live: {type: boolean, default: false}
  mode: {type: enum, values: [fast, slow, 3], default: fast}
  path: {type: path, default: /pay}
  url: {type: url, default: "https://x.example/y"}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: ${settings.path}
          json: ["${settings.account}", "${settings.size}", "${settings.live}", "${settings.mode}",
            "${settings.url}"]
        response: {outcome: by_status}
"""
PROJECT = """\
forwardc: 1
merchant: {name: Shoes}
build: out
environments:
  sandbox:
    vaults:
      stripe: {account: acct_1, api_version: 2026-09-30.endive}
    settings:
      shop: {VALUES}
targets:
  - {vault: stripe, destination: shop, operation: pay}
  - {vault: checkout, destination: shop}
"""


def destination(text: str = DESTINATION) -> Destination:
    sink = Sink()
    root = read("destinations/shop.yaml", text.encode(), sink)
    assert root is not None
    assert validate("destination", root, sink)
    found = read_destination(root, sink)
    assert found is not None
    assert sink.sorted() == []
    return found


def project(text: str) -> Project:
    sink = Sink()
    root = read("forwardc.yaml", text.encode(), sink)
    assert root is not None
    assert validate("project", root, sink)
    found = read_project(root, sink)
    assert found is not None
    assert sink.sorted() == []
    return found


def checked(
    values: str, environment: EnvironmentClass = "sandbox"
) -> tuple[object, list[Diagnostic]]:
    sink = Sink()
    given = project(PROJECT.replace("VALUES", values))
    return check_settings(destination(), given, implied(environment), sink), sink.sorted()


def test_the_project() -> None:
    found = project(PROJECT.replace("VALUES", "account: abc"))
    assert (found.destinations, found.build, found.merchant.name) == (
        "destinations",
        "out",
        "Shoes",
    )
    sandbox = found.environments["sandbox"]
    assert sandbox.vaults["stripe"] == {"account": "acct_1", "api_version": "2026-09-30.endive"}
    assert sandbox.settings["shop"].values["account"].value == Lit("abc")
    targets = [(target.vault, target.destination, target.operation) for target in found.targets]
    assert targets == [("stripe", "shop", "pay"), ("checkout", "shop", None)]
    assert found.targets[1].span.start.line == 12


def test_values_and_defaults() -> None:
    values, problems = checked("account: abc, mode: 3, live: true")
    assert problems == []
    assert values == {
        "host": Lit("test.shop.example"),
        "account": Lit("abc"),
        "size": Lit(2),
        "live": Lit(True),
        "mode": Lit(3),
        "path": Lit("/pay"),
        "url": Lit("https://x.example/y"),
    }


def test_a_setting_that_the_environment_does_not_use_needs_no_value() -> None:
    values, _ = checked("account: abc")
    assert isinstance(values, dict)
    assert "label" not in values


def test_an_environment_without_values_is_not_built() -> None:
    assert checked("account: abc", "production") == (None, [])


def test_a_destination_that_needs_no_values_is_built_everywhere() -> None:
    text = DESTINATION.replace('["${settings.account}", ', "[").replace(
        "  account: {type: string, min_length: 3, max_length: 5}\n", ""
    )
    sink = Sink()
    values = check_settings(destination(text), project("forwardc: 1\n"), implied("sandbox"), sink)
    assert values is not None
    assert values["size"] == Lit(2)


def test_some_but_not_all_values_is_a_mistake() -> None:
    values, (problem,) = checked("size: 3")
    assert values is None
    assert (problem.code, problem.message) == (
        "FC0320",
        "the setting `account` has no value in the environment sandbox",
    )
    assert problem.pointer == "/environments/sandbox/settings/shop"
    assert problem.span is not None
    assert (problem.span.start.line, problem.span.start.column) == (9, 7)


@pytest.mark.parametrize(
    ("values", "column", "hint"),
    [
        ("acount: abc", 14, "did you mean account?"),
        ("account: 123", 23, "put quotes around it"),
        ("account: ab", 23, "it has at least 3 characters"),
        ("account: abcdef", 23, "it has at most 5 characters"),
        ("size: '3'", 20, "write digits without quotes"),
        ("size: true", 20, "write digits without quotes"),
        ("size: 0", 20, "the smallest value is 1"),
        ("size: 10", 20, "the largest value is 9"),
        ("live: 'true'", 20, None),
        ("mode: medium", 20, "write fast or slow or 3"),
        ("label: A1", 21, "it matches [a-z]+"),
    ],
)
def test_a_wrong_value(values: str, column: int, hint: str | None) -> None:
    given = values if values.startswith("account:") else f"{values}, account: abc"
    found, (problem,) = checked(given)
    assert found is None
    assert (problem.code, problem.hint) == ("FC0320", hint)
    assert problem.span is not None
    assert problem.span.start.column == column
    assert problem.pointer.startswith("/environments/sandbox/settings/shop/")


HOSTS = ["a.example", "api-1.shop.example", "1.example"]
NOT_HOSTS = [
    "localhost",
    "A.example",
    "a..example",
    "a.example.",
    "-a.example",
    "a-.example",
    "a_b.example",
    "a.example/x",
    "a.example:443",
    "user@a.example",
    "a.example ",
    "a.\N{CYRILLIC SMALL LETTER IE}xample",
    "x" * 64 + ".example",
    "a." * 130 + "example",
]
PATHS = ["/", "/v1/pay", "/v1/pay/", "/v1.0/a:b/~c"]
NOT_PATHS = [
    "v1",
    "//evil.example",
    "/a//b",
    "/a/../b",
    "/a/..",
    "/./a",
    "/a?b=c",
    "/a#b",
    "/a b",
    "/%2e%2e/a",
    "/a\\b",
    "https://a.example/",
]
URLS = ["https://a.example", "https://a.example/v1", "https://a.example:8443/"]
NOT_URLS = [
    "http://a.example",
    "https://a",
    "https://u@a.example/",
    "https://a.example/?q",
    "https://a.example/../b",
    "https://a.example.",
]


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        *(("host", value, True) for value in HOSTS),
        *(("host", value, False) for value in NOT_HOSTS),
        *(("path", value, True) for value in PATHS),
        *(("path", value, False) for value in NOT_PATHS),
        *(("url", value, True) for value in URLS),
        *(("url", value, False) for value in NOT_URLS),
    ],
)
def test_hosts_paths_and_urls(name: str, value: str, right: bool) -> None:
    quoted = "'" + value + "'"
    found, problems = checked(f"account: abc, {name}: {quoted}")
    assert (found is not None, problems == []) == (right, right)


def test_a_wrong_default_is_reported_where_it_stands() -> None:
    text = DESTINATION.replace("default: /pay", "default: pay")
    sink = Sink()
    assert (
        check_settings(destination(text), project("forwardc: 1\n"), implied("sandbox"), sink)
        is None
    )
    (problem,) = sink.sorted()
    assert problem.span is not None
    assert (problem.code, problem.span.path, problem.span.start.line) == (
        "FC0320",
        "destinations/shop.yaml",
        14,
    )


def test_names_that_nobody_has() -> None:
    text = PROJECT.replace("shop: {VALUES}", "shoop: {account: abc}")
    text = text.replace("operation: pay", "operation: payy").replace(
        "{vault: checkout, destination: shop}", "{vault: checkout, destination: shap}"
    )
    sink = Sink()
    check_project_names(project(text), [summary_of(destination())], sink)
    found = [(one.code, one.hint, one.span and one.span.start.line) for one in sink.sorted()]
    assert found == [
        ("FC0302", "did you mean shop?", 9),
        ("FC0302", "did you mean pay?", 11),
        ("FC0302", "did you mean shop?", 12),
    ]


def test_a_secret_in_the_project() -> None:
    sink = Sink()
    text = PROJECT.replace("VALUES", "account: sk_live_" + "a1B2" * 6)
    root = read("forwardc.yaml", text.encode(), sink)
    assert root is not None
    read_project(root, sink)
    assert [found.code for found in sink.sorted()] == ["FC0504"]


def test_messages_hold_no_values() -> None:
    secretive = "hunter2hunter2"
    _, problems = checked(f"account: {secretive}, size: {secretive}, mode: {secretive}")
    assert len(problems) == 3
    assert all(secretive not in one.message + str(one.hint) for one in problems)
