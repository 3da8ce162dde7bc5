"""Settings: every mistake at once, with its line; what a start needs, and what it says."""

import re
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest

import postgres
from certificates import self_signed
from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.store import open_store
from forwardc.server.settings import settings_from
from forwardc.server.settings_errors import check_serving, read_settings
from ports import free_port
from serving import NAMED, ROOT, Shop, opened

GOOD = """\
forwardc = 1
[run]
environment = "sandbox"
[destinations."COM.ROKT.CATALOG"]
run = "rokt.share"
[lookup]
kind = "csv"
file = "references.csv"
"""
BAD = """\
forwardc = 1

[server]
prot = 8080
workers = 0
tls_key = "key.pem"

[run]
environment = "staging "
history = 7

[destinations."COM.ROKT.CATALOG"]
run = "Rokt Share"

[lookup]
kind = "sql"

[admit]
allow = [
  "10.0.0.0/8",
  "canary-77/8",
]

[watch]
traces = "canary-77"
"""
CANARY = "canary-77"
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def serve(capfd: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli(["serve", "--check", *arguments])
        return (code, *capfd.readouterr())

    return call


def mistakes(tmp_path: Path, text: str) -> list[Diagnostic]:
    file = tmp_path / "server.toml"
    file.write_text(text, encoding="utf-8")
    sink = Sink()
    assert read_settings(file, sink) is None
    return sink.sorted()


@pytest.mark.parametrize("kind", [f'kind = "{CANARY}"', ""])
def test_a_kind_of_lookup_that_is_none_is_not_repeated(tmp_path: Path, kind: str) -> None:
    text = BAD.replace('kind = "sql"', kind)
    (one,) = [found for found in mistakes(tmp_path, text) if found.message.startswith("lookup")]
    assert "csv" in one.message
    assert CANARY not in str(one)


def test_every_mistake_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    found = mistakes(tmp_path, BAD)
    assert {one.code for one in found} == {"FC0832"}
    told = {one.message.partition(":")[0]: one.span.start.line for one in found if one.span}
    assert told == {
        "server.prot": 4,
        "server.workers": 5,
        "run.environment": 9,
        "run.history": 10,
        "destinations.COM.ROKT.CATALOG.run": 13,
        "lookup.query": 15,
        "admit.allow.1": 19,
        "watch.traces": 25,
    }
    hints = {one.message.partition(":")[0]: one.hint for one in found}
    assert hints["server.prot"] == "did you mean port?"
    assert hints["lookup.query"] == "set it in the file, or as FORWARDC_SERVER__LOOKUP__QUERY"
    assert CANARY not in "".join(f"{one.message}{one.hint}" for one in found)


def test_halves_that_go_together_are_reported_too(tmp_path: Path) -> None:
    (found,) = mistakes(tmp_path, GOOD + '[server]\ntls_key = "key.pem"\n')
    assert found.message == "server: tls_certificate and tls_key go together"
    assert found.span is not None
    assert found.span.start.line == 9


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("forwardc = 1\n[run\n", 2),
        ("forwardc = 1\nforwardc = 1\n", 2),
        ("forwardc = 1\n[run]\nhistory = canary-77\n", 3),
    ],
)
def test_what_is_not_toml_is_reported(tmp_path: Path, text: str, line: int) -> None:
    (found,) = mistakes(tmp_path, text)
    assert found.span is not None
    assert found.span.start.line == line
    assert CANARY not in found.message


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    sink = Sink()
    assert read_settings(tmp_path / "none.toml", sink) is None
    assert "cannot be read" in sink.sorted()[0].message


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(GOOD + "[limits]\ncalls_per_minute = 10\nmisses_per_hour = 5\n")
    monkeypatch.setenv("FORWARDC_SERVER__LIMITS__CALLS_PER_MINUTE", "300")
    settings = read_settings(file, Sink())
    assert settings is not None
    assert settings.limits.calls_per_minute == 300
    assert settings.limits.misses_per_hour == 5


def test_a_mistake_in_the_environment_names_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDC_SERVER__SERVER__PORT", CANARY)
    (found,) = mistakes(tmp_path, GOOD)
    assert found.message.startswith("FORWARDC_SERVER__SERVER__PORT: ")
    assert found.span is None
    assert CANARY not in found.message


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FORWARDC_SERVER__ADMITS__ALLOW", '["10.0.0.0/8"]', "FORWARDC_SERVER__ADMITS__ALLOW: "),
        ("FORWARDC_SERVER__LIMITS__BODDY", "9", "FORWARDC_SERVER__LIMITS__BODDY: "),
        ("FORWARDC_SERVER__ADMIT__ALLOW", CANARY, "FORWARDC_SERVER__ADMIT...: a list "),
    ],
)
def test_a_variable_that_changes_nothing_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    (found,) = mistakes(tmp_path, GOOD)
    assert found.message.startswith(said)
    assert CANARY not in found.message


def test_settings_travel_to_workers_whole() -> None:
    settings = settings_from(
        None,
        forwardc=1,
        run={"environment": "sandbox"},
        destinations={"COM.ROKT.CATALOG": {"run": "rokt.share"}},
        lookup={"kind": "sql", "query": "SELECT 1"},
        admit={"allow": ["10.0.0.0/8", "2001:db8::/32"]},
        limits={"in_flight": 7},
    )
    again = settings_from(None, **settings.model_dump(mode="json"))
    assert again.model_dump() == settings.model_dump()


def warned(**given: object) -> list[str]:
    settings = settings_from(
        None,
        forwardc=1,
        run={"environment": "sandbox"},
        destinations={"X": {"run": "rokt.share"}},
        lookup={"kind": "csv", "file": "x"},
        **given,
    )
    sink = Sink()
    check_serving(settings, sink)
    assert not sink.has_errors
    return [one.message.partition(":")[0] for one in sink.sorted()]


def test_what_lets_too_many_in_is_warned_of() -> None:
    assert warned() == []
    assert warned(server={"host": "0.0.0.0"}) == ["server.host", "server.names"]  # noqa: S104 - never opened
    named = {"host": "0.0.0.0", "names": ["pay.shop.example"]}  # noqa: S104 - never opened
    proxies = {"trusted_proxies": ["10.0.0.0/8"]}
    assert warned(server=named, admit=proxies | {"allow": ["192.0.2.0/24"]}) == []
    assert warned(admit={"trusted_proxies": ["127.0.0.1/32"], "allow": ["192.0.2.0/24"]}) == [
        "admit.callbacks",
        "admit.staff",
    ]


def test_tls_files_that_do_not_fit_are_reported(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificate, _ = self_signed(tmp_path, "127.0.0.1")
    _, other = self_signed(tmp_path / "other", "127.0.0.1")
    for key, said in ((other, "cannot be used together"), (tmp_path / "none", "no such file")):
        settings = settings_from(
            None,
            forwardc=1,
            server={"tls_certificate": certificate, "tls_key": key},
            run={"environment": "sandbox"},
            destinations={"X": {"run": "rokt.share"}},
            lookup={"kind": "csv", "file": "x"},
        )
        sink = Sink()
        check_serving(settings, sink)
        assert said in sink.sorted()[0].message


def test_a_key_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    for mode, expected in ((0o600, []), (0o644, ["server.tls_key"])):
        key.chmod(mode)
        sink = Sink()
        check_serving(
            settings_from(
                None,
                server={"tls_certificate": certificate, "tls_key": key},
                run={"environment": "sandbox"},
                destinations={"X": {"run": "rokt.share"}},
                lookup={"kind": "csv", "file": "x"},
            ),
            sink,
        )
        assert [one.message.partition(":")[0] for one in sink.sorted()] == expected


def test_a_check_says_what_is_served_and_makes_nothing(
    tmp_path: Path, serve: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as shop:
        shop.write(NAMED)
        code, told, _ = serve()
    assert code == 0
    assert "COM.ROKT.CATALOG: rokt.share through checkout" in told
    assert not (tmp_path / ".forwardc").exists()


def test_a_check_makes_no_table_and_upgrades_none(
    tmp_path: Path,
    serve: Call,
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: postgres.Server,
) -> None:
    monkeypatch.chdir(tmp_path)
    empty, older = postgres_server.database(), f"sqlite:////{tmp_path}/older.db"
    open_store(older, migrations=MIGRATIONS[:-1]).close()
    before = (tmp_path / "older.db").read_bytes()
    with opened(tmp_path) as shop:
        shop.write(NAMED)
        (tmp_path / "keys.json").write_text("never read")
        monkeypatch.setenv("FORWARDC_SERVER__RUN__KEYS", str(tmp_path / "keys.json"))
        for url in (empty, older, f"sqlite:////{tmp_path}/none.db"):
            monkeypatch.setenv("FORWARDC_SERVER__RUN__HISTORY", url)
            code, told, remarks = serve()
            assert (code, "rokt.share through checkout" in told) == (0, True), remarks
            assert ("FC0868" in remarks) == (url == older)
    assert (tmp_path / "older.db").read_bytes() == before
    assert not (tmp_path / "none.db").exists()
    with psycopg.connect(empty) as asked:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        assert asked.execute(tables).fetchone() == (0,)


def test_secrets_that_are_missing_are_warned_of(
    tmp_path: Path, serve: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as shop:
        path = shop.write(NAMED)
        path.write_text(path.read_text().replace(f'sandbox = "{shop.sandbox}"', ""))
        monkeypatch.setenv("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY", "sk_sbox_" + "a" * 27)
        code, told, remarks = serve()
    assert code == 0
    assert "through stripe" in told
    assert "warning FC0806 the credential api_key of stripe" in remarks
    assert "the credential api_key of checkout" not in remarks


def test_references_that_a_param_refuses_are_warned_of(
    tmp_path: Path, serve: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as shop:
        path = shop.write(NAMED)
        assert "FC0832" not in serve()[2]
        text = path.read_text()
        path.write_text(text.replace('kind = "csv"', 'kind = "csv"\nnot_card = ["reference"]'))
        code, _, remarks = serve()
    assert code == 0
    assert "warning FC0832 lookup.not_card: params.reference of rokt refuses" in remarks


@pytest.mark.parametrize("name", ["vault", "identifier", "identifier__x", CANARY, ""])
def test_only_a_columns_name_may_be_let_through(tmp_path: Path, name: str) -> None:
    text = GOOD + f'not_card = ["source", "{name}"]\n'
    (one,) = mistakes(tmp_path, text)
    assert (one.code, one.message.partition(":")[0]) == ("FC0832", "lookup.not_card.1")
    assert CANARY not in str(one)


def test_an_old_name_of_a_secret_is_refused_before_anything_is_served(
    tmp_path: Path, serve: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORWARDC_VAULT_STRIPE_API_KEY", "sk_test_1")
    with opened(tmp_path) as shop:
        path = shop.write(NAMED)
        assert serve()[0] == 0
        path.write_text(path.read_text().replace(f'sandbox = "{shop.sandbox}"', ""))
        code, _, remarks = serve()
    assert code == 1
    assert "error FC0847 FORWARDC_VAULT_STRIPE_API_KEY" in remarks
    assert "name it FORWARDC_VAULT__SANDBOX__STRIPE__API_KEY:" in remarks


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("rokt.share", "rokt.nothing", "FC0813", "rokt"),
        ("rokt.share", "nobody.share", "FC0704", "built for no vault"),
        ('"reference"\n', '"referenz"\n', "FC0805", "reference_param"),
        ("references.csv", "missing.csv", "FC0830", "references"),
        ("http://127.0.0.1", "http://192.0.2.1", "FC0833", "run.sandbox"),
        ('environment = "sandbox"', 'environment = "production"', "FC0704", "built for no vault"),
        ('kind = "csv"\nfile = "references.csv"', 'kind = "sql"\nquery = "SELECT 1"', "FC0830", ""),
    ],
)
def test_a_check_finds_what_a_start_would(
    tmp_path: Path,
    serve: Call,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    code: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as shop:
        path = shop.write(NAMED)
        path.write_text(path.read_text().replace(old, new))
        answer, told, remarks = serve()
    assert answer == 1
    assert told == ""
    assert code in remarks
    assert said in remarks


def test_a_check_without_any_settings_says_what_is_required(
    tmp_path: Path, serve: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, remarks = serve()
    assert code == 1
    assert "FORWARDC_SERVER__RUN" in remarks
    assert "Traceback" not in remarks


def test_without_the_extra_it_says_what_to_install(
    serve: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    code, _, remarks = serve()
    assert code == 2
    assert "pip install 'forwardc[server]'" in remarks


@pytest.mark.slow
def test_a_port_in_use_is_reported(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shop.run("serve", FORWARDC_SERVER__SERVER__PORT=str(port))
    assert done.returncode == 1
    assert "FC0833" in done.stderr
    assert "Address already in use" in done.stderr


@pytest.mark.slow
def test_a_sandbox_that_is_away_is_reported(shop: Shop) -> None:
    shop.sandbox = f"http://127.0.0.1:{free_port()}"
    shop.write(NAMED)
    done = shop.run("serve")
    assert done.returncode == 1
    assert "FC0833" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.xdist_group("serving")
def test_over_tls_with_settings_of_the_environment_only(shop: Shop) -> None:
    certificate, key = self_signed(shop.folder, "127.0.0.1")
    (shop.folder / "forwardc-server.toml").unlink()
    with shop.serving(
        FORWARDC_SERVER__FORWARDC="1",
        FORWARDC_SERVER__SERVER__PORT="0",
        FORWARDC_SERVER__SERVER__NAMES='["pay.shop.example"]',
        FORWARDC_SERVER__SERVER__TLS_CERTIFICATE=str(certificate),
        FORWARDC_SERVER__SERVER__TLS_KEY=str(key),
        FORWARDC_SERVER__RUN__ENVIRONMENT="sandbox",
        FORWARDC_SERVER__RUN__BUILD=str(ROOT / "build"),
        FORWARDC_SERVER__RUN__SANDBOX=shop.sandbox,
        FORWARDC_SERVER__DESTINATIONS=(
            '{"COM.ROKT.CATALOG": {"run": "rokt.share", "reference_param": "reference"}}'
        ),
        FORWARDC_SERVER__LOOKUP='{"kind": "csv", "file": "references.csv"}',
        FORWARDC_SERVER__WATCH__LOGS="text",
    ) as server:
        assert server.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificate)
        with httpx.Client(base_url=server.url, verify=trusting, trust_env=False) as client:
            answer = client.post("/v1/initiate-payment-sharing", **shop.request(1))
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"]
        weak = ssl.create_default_context(cafile=certificate)
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("ECDHE+AES:!AESGCM:!AESCCM")
        for unfit in (server.url, server.url.replace("https", "http")):
            with pytest.raises(httpx.TransportError):
                httpx.get(unfit, verify=weak, trust_env=False)
        assert server.stop() == 0
    assert any(re.search(r"info +call .*outcome=\"approved\"", line) for line in server.lines)
