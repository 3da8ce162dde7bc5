"""Every page over a history that real runs through the sandbox made, beside the real build."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import approved_build
from dashboards import Browser
from forwardc.core.http.request_target import own_names
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.dashboard.project import BuiltProject
from forwardc.dashboard.views import DashboardSettings
from forwardc.integrations.registry import page_sets
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store, open_existing
from real_runs import NOW, REAL, make


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the history, made once."""
    return make(tmp_path_factory.mktemp("real"))


@pytest.fixture
def store(ran: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(ran, tmp_path / "runs.db")
    with open_existing(str(tmp_path / "runs.db"), now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> BuiltProject:
    return approved_build.approved_build(tmp_path)


@pytest.fixture
def viewer(store: Store, project: BuiltProject) -> Browser:
    settings = DashboardSettings(
        own_names("127.0.0.1"), now=lambda: NOW, project=project, pages=page_sets()
    )
    return Browser(create(store, settings), settings).sign_in(Role.VIEWER)


def listed(page: str) -> list[str]:
    return re.findall(r'href="/runs/[\w-]+" class="mono">([^<]+)<', page)


def run_of(store: Store, reference: str) -> str:
    return store.search(RunFilter(reference=reference)).runs[0].id


PAGES = (
    *("/", "/history", "/unknown", "/pauses", "/tokens"),
    *("/coverage", "/approvals", "/secrets", "/audit"),
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_names_the_history(viewer: Browser, store: Store, path: str) -> None:
    assert f"History: {store.name} ." in viewer.page(path)
    assert store.name.endswith("/runs.db")


def test_a_stranger_learns_neither_the_history_nor_the_project(
    store: Store, project: BuiltProject
) -> None:
    settings = DashboardSettings(
        own_names("127.0.0.1"), now=lambda: NOW, project=project, pages=page_sets()
    )
    stranger = Browser(create(store, settings), settings)
    assert "runs.db" not in stranger.get("/login").text
    for path in (*PAGES, "/history.csv", "/history.json"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_amounts_are_money_in_the_digits_of_their_currency(viewer: Browser) -> None:
    text = viewer.page("/history")
    for money in ("10.50 EUR", "5000 JPY", "12.345 KWD", "7.77 USD", "30 CLP", "25.99 USD"):
        assert money in text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("reason=not+enough+balance", {"shop-1004", "shop-1005"}),
        ("reason=NOT_enough_BALANCE", {"shop-1004", "shop-1005"}),
        ("reason=not+enough+balance&vault=stripe", {"shop-1004"}),
        ("operation=payment", {"shop-1006", "shop-1007"}),
        ("operation=payment&outcome=declined", {"shop-1006"}),
        ("operation=share&vault=stripe&from=2026-11-18&to=2026-11-18", {"shop-1009"}),
        ("from=2026-11-15&to=2026-11-15", {"shop-1002", "shop-1003"}),
        ("to=2026-11-14", {"shop-1001"}),
        ("from=2026-11-20&time=7d", {"shop-1012", "shop-1013", "shop-1014"}),
        ("find=shop-10&status=402&destination=stripe", {"shop-1006"}),
        ("from=2027-01-01", set()),
        ("reason=no+such+reason", set()),
    ],
)
def test_filters_combine_and_figures_agree(viewer: Browser, query: str, wanted: set[str]) -> None:
    answer = viewer.get(f"/history?{query}")
    assert answer.status_code == 200
    assert set(listed(answer.text)) == wanted
    count = f"Forwards {len(wanted)} runs that ended"
    figures = viewer.page(f"/?{query}" if "time" in query else f"/?{query}&time=all")
    assert count in figures
    if not wanted:
        assert "No run fits" in answer.text
        assert "nothing to export" in answer.text
        assert "No forwards here" in figures


def test_an_address_holds_all_filters(viewer: Browser) -> None:
    query = "from=2026-11-10&to=2026-11-20&operation=card_cit&reason=refused&outcome=declined"
    page = viewer.get(f"/history?{query}").text
    for value in ('value="2026-11-10"', 'value="2026-11-20"', 'value="refused"'):
        assert value in page
    export = re.search(r'href="(/history\.csv\?[^"]+)"', page)
    assert export
    link = export[1].replace("&amp;", "&")
    for part in query.split("&"):
        assert part in link
    rows = list(csv.DictReader(viewer.get(link).text.splitlines()))
    assert [row["reference"] for row in rows] == ["shop-1003"]
    assert (rows[0]["amount"], rows[0]["currency"]) == ("5000", "JPY")


@pytest.mark.parametrize(
    "query",
    [
        *("from=2026-02-30", "from=20261120", "to=9999-12-31", "to=tomorrow", "time=dates"),
        *("from=2026-11-20&to=2026-11-19", "reason=...", "reason=" + "x" * 301, "reason=a%0ab"),
        *("operation=Pay ment", "operation=%27--", "from=0000-00-00", "from=２026-11-20"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/history", "/history.csv", "/history.json"])
def test_a_wrong_filter_is_a_clear_page(viewer: Browser, path: str, query: str) -> None:
    answer = viewer.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert "The address is not right" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_the_charts_by_reason_and_operation(viewer: Browser, store: Store) -> None:
    text = viewer.page("/?time=all")
    runs = store.search(RunFilter(), limit=100).runs
    assert len(runs) == len(REAL)
    done = Counter(f"{run.destination}.{run.operation}" for run in runs)
    for name, count in done.items():
        assert f"{name} {count} " in text
    for cause, count in Counter(run.cause for run in runs if run.cause).items():
        assert re.search(rf"{re.escape(cause)} \w+ {count} ", text), cause


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_of_everything(viewer: Browser, form: str) -> None:
    answer = viewer.get(f"/history.{form}")
    assert answer.status_code == 200
    named = f'attachment; filename="forwardc-history-2026-11-20.{form}"'
    assert answer.headers["content-disposition"] == named
    assert answer.headers["cache-control"] == "no-store"
    told = answer.text
    runs = list(csv.DictReader(told.splitlines())) if form == "csv" else json.loads(told)["runs"]
    assert {run["reference"] for run in runs} == {real.reference for real in REAL}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_of_nothing_says_so(viewer: Browser, form: str) -> None:
    answer = viewer.get(f"/history.{form}?reason=no+such&vault=stripe")
    assert answer.status_code == 404
    assert "Nothing to export" in answer.text
    assert "vault: stripe, reason: no such" in answer.text
    assert "content-disposition" not in answer.headers


def test_a_run_field_by_field(viewer: Browser, store: Store) -> None:
    page = viewer.get(f"/runs/{run_of(store, 'shop-1004')}").text
    assert "12.345 KWD" in page
    for path, value in (
        ("/refusalReason", "Not enough balance"),
        ("/resultCode", "Refused"),
        ("/merchantReference", "shop-1004"),
    ):
        assert f"<code>{path}</code></th><td><code>{value}</code>" in page
    assert "4000" not in re.sub(r"[0-9a-f-]{36}", "", page)


@pytest.mark.parametrize("reference", ["shop-1004", "shop-1005"])
def test_what_the_destination_gets_has_atoms_by_name(
    viewer: Browser, store: Store, reference: str
) -> None:
    page = viewer.get(f"/runs/{run_of(store, reference)}").text
    found = page.partition("What adyen gets")[2].partition("Request to")[0]
    for atom in ("${card.number}", "${card.expiry.MM}"):
        assert f'<code class="atom">{atom}</code>' in found
    assert f"<code>/reference</code></th><td><code>{reference}</code>" in found
    assert "{{" not in found
    # Checkout.com keeps the secret; Stripe is given the header.
    by_name = '<code class="atom">${secrets.adyen_api_key}</code>'
    key = by_name if reference == "shop-1005" else '<span class="soft">masked</span>'
    assert f"<code>X-API-Key</code></th><td>{key}" in found


def test_a_link_leads_to_the_vaults_own_log(viewer: Browser, store: Store) -> None:
    page = viewer.get(f"/runs/{run_of(store, 'shop-1012')}").text
    link = re.search(r'<a href="(https://[^"]+)" rel="noreferrer noopener">', page)
    assert link
    assert link[1].startswith("https://dashboard.stripe.com/test/logs/req_")
    others = (real.reference for real in REAL if real.reference != "shop-1012")
    for reference in others:
        assert "noreferrer" not in viewer.get(f"/runs/{run_of(store, reference)}").text


def test_coverage_is_that_of_the_build(viewer: Browser, project: BuiltProject) -> None:
    told = json.loads((Path(str(project.build)) / "coverage.json").read_text("utf-8"))
    text = viewer.page("/coverage")
    assert f"{len(told['coverage'])} of {len(told['coverage'])} pairs" in text
    few = [
        row for row in told["coverage"] if row["vault"] == "stripe" and row["level"] == "refused"
    ]
    assert few
    page = viewer.get("/coverage?vault=stripe&level=refused").text
    assert page.count('<th scope="row">') == len(few)
    assert all(f"<wbr>{row['operation']}</a>" in page for row in few)
    assert "No operation fits" in viewer.page("/coverage?vault=nobody")
    assert viewer.get("/coverage?vault=<script>").status_code == 400


def test_what_was_not_built_is_not_shown(viewer: Browser, project: BuiltProject) -> None:
    approved_build.spoil(project)
    page = viewer.page("/coverage")
    assert "FC0702" in page
    assert "is not what was built" in page
    assert "degraded" not in page


@pytest.mark.parametrize("name", ["coverage.json", "manifest.json"])
def test_a_link_in_a_checkout_is_not_followed(
    viewer: Browser, project: BuiltProject, tmp_path: Path, name: str
) -> None:
    file = Path(str(project.build)) / name
    elsewhere = tmp_path / "elsewhere.json"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert "FC0118" in viewer.page("/coverage")


def test_approvals_stand_in_the_order_in_which_they_end(viewer: Browser) -> None:
    text = viewer.page("/approvals")
    page = viewer.get("/approvals").text
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in page.split("<tr>")[2:]]
    assert "expired" in rows[0]
    assert "in 9 days" in rows[1]
    never = ["never given" in row for row in rows]
    assert never == sorted(never)
    assert any(never)
    assert "ticket FWD-2041" in text
    assert "withdrawn by Dana on 2026-11-19: the account was closed" in text
    assert "2 approvals end within 30 days" in text
    assert "checkout/token_vault/tokenize/production" in text


def test_a_lock_that_cannot_be_read_approves_nothing(viewer: Browser, tmp_path: Path) -> None:
    (tmp_path / "forwardc.lock").write_text("{]", encoding="utf-8")
    text = viewer.page("/approvals")
    assert "FC0705" in text
    assert "approved" not in text.replace("may run", "")


def test_missing_secrets_are_told_by_name_and_no_value(viewer: Browser) -> None:
    page = viewer.get("/secrets?place=sandbox").text
    missing, _, there = page.partition('id="set"')
    variable = "FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY"
    assert variable in there
    assert variable not in missing
    assert "FORWARDC_SECRET__SANDBOX__ROKT__ROKT_TOKEN" in missing
    assert "PRODUCTION" not in page.replace("production</option>", "")
    for path in PAGES:
        assert approved_build.SET[variable] not in viewer.get(path).text


def test_the_audit_says_who_did_what(viewer: Browser, store: Store) -> None:
    store.pause("adyen", "Dana", "their status page is red")
    store.unpause("adyen", "Erik")
    unknown = run_of(store, "shop-1013")
    assert store.resolve(unknown, store.search(RunFilter()).runs[0].outcome or "", "Dana")
    text = viewer.page("/audit")
    for said in ("Dana pause adyen: their status page is red", "Erik resume adyen"):
        assert said in text
    assert "whoever had the link sign-in dashboard, as viewer" in text
    assert f'href="/runs/{unknown}"' in viewer.get("/audit").text
    assert "Erik" not in viewer.page("/audit?by=Da")
    assert "No event fits" in viewer.page("/audit?kind=client-issue")
    assert "No event fits" in viewer.page("/audit?to=2020-01-01")
    for wrong in ("kind=A B", "from=x", "check=2", "nobody=1", "after=-1"):
        assert viewer.get(f"/audit?{wrong}").status_code == 400
    assert "All 4 events stand as they were written" in viewer.page("/audit?check=1")
    store.database.write(lambda tx: tx.run("UPDATE events SET by_whom = 'Nobody' WHERE seq = 2"))
    assert "Event 2 is not what was written" in viewer.page("/audit?check=1")


def test_pages_without_a_project_say_how_to_get_one(store: Store) -> None:
    settings = DashboardSettings(own_names("127.0.0.1"), now=lambda: NOW, pages=page_sets())
    viewer = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
    for path in ("/coverage", "/approvals", "/secrets"):
        assert "No project here" in viewer.page(path)
