"""A destination that knows its callers by a certificate: a real handshake, and what ends it."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from certificates import self_signed
from compiled import assessed, plan_of, program_of
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.digests import approval_digest
from forwardc.plan.lock import Lock
from forwardc.plan.model import load_plan
from forwardc.runtime.http import client_certificate
from forwardc.runtime.http.client_certificate import ClientIdentity, pair_problem
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import (
    AnswerLost,
    HttpAnswer,
    NotSent,
    Sender,
    SendLimits,
    SendResult,
)
from forwardc.runtime.http.tls import named_authorities
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.server.payment_sharing.forwarder import ServedPlan
from forwardc.server.wiring import components

NOW: Final = datetime(2026, 12, 1, tzinfo=UTC)
FILE: Final = """forwardc: 1
name: bank
title: A bank that knows its callers
environments: {sandbox: {base_url: https://api.bank.example}}
secrets: {pair: {description: certificate}, pair_key: {description: its key}}
client_certificate: {certificate: "${secrets.pair}", key: "${secrets.pair_key}"}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request: {POST: /payments, json: {amount: 1}}
        response: {outcome: by_status}
"""


def pair(folder: Path, name: str = "client.example") -> ClientIdentity:
    folder.mkdir(exist_ok=True)
    return ClientIdentity(*(path.read_text("ascii") for path in self_signed(folder, name)))


@pytest.fixture
def known(tmp_path: Path) -> ClientIdentity:
    return pair(tmp_path / "known")


class Bank:
    """A server on this machine that asks for certificates. It counts the requests that it reads.

    With `silent` it ends a handshake without the alert that says why, as a reset connection does.
    """

    def __init__(self, folder: Path, trusted: ClientIdentity, newest: ssl.TLSVersion) -> None:
        self.certificate, key = self_signed(folder, "127.0.0.1")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_verify_locations(cadata=trusted.certificate)
        self.context.maximum_version = newest
        self.requests = 0
        self.silent = False
        self.connections: list[Any] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """TLS by hand, so that an alert has left before the connection ends."""
        received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(received, sent, server_side=True)
        self.connections.append(asyncio.current_task())
        refused = False
        while data := await reader.read(65536):
            if refused:
                continue
            received.write(data)
            try:
                while tls.read(65536).endswith(b"\r\n\r\n"):
                    self.requests += 1
                    tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                refused = True
            if refused and self.silent:
                break
            writer.write(sent.read())
            if refused:
                writer.write_eof()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def asked(self, *identities: ClientIdentity | None) -> list[SendResult]:
        """What one sender gets, one request after the other."""
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        url = f"https://{place}/"
        shown = ShownRequest("GET", url, (), None)
        bound, limits = BoundRequest("GET", url, (), None, shown), SendLimits(10, 10, 1000)
        authorities = partial(named_authorities, str(self.certificate))
        async with server:
            async with Sender(authorities=authorities) as sender:
                results = [
                    await sender.send(bound, {place}, limits, private=True, identity=identity)
                    for identity in identities
                ]
            await asyncio.gather(*self.connections)
        return results


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def bank(request: pytest.FixtureRequest, tmp_path: Path, known: ClientIdentity) -> Bank:
    return Bank(tmp_path, known, request.param)


def test_a_server_that_asks_is_shown_the_certificate(bank: Bank, known: ClientIdentity) -> None:
    answers = asyncio.run(bank.asked(known, known))
    assert [type(answer) for answer in answers] == [HttpAnswer, HttpAnswer]
    assert bank.requests == 2


def test_where_memory_is_no_file_the_key_is_encrypted(
    bank: Bank, known: ClientIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    readable = client_certificate._readable

    @contextmanager
    def watched(identity: ClientIdentity) -> Iterator[tuple[str, str | None]]:
        with readable(identity) as (file, password):
            written.append(Path(file).read_bytes())
            yield file, password

    monkeypatch.setattr(client_certificate.os, "memfd_create", None)
    monkeypatch.delattr(client_certificate.os, "memfd_create")
    monkeypatch.setattr(client_certificate, "_readable", watched)
    (answer,) = asyncio.run(bank.asked(known))
    assert isinstance(answer, HttpAnswer)
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in written[0]
    assert b"BEGIN PRIVATE KEY" not in written[0]


def test_what_the_server_refuses_was_not_sent(
    bank: Bank, known: ClientIdentity, tmp_path: Path
) -> None:
    """Also in TLS 1.3, where the request has left when the server ends the handshake."""
    other = pair(tmp_path / "other")
    answers = asyncio.run(bank.asked(other, None, known))
    refused = "the server did not take our client certificate, or asks for one; nothing was sent"
    unsaid = "the server ended the handshake, as one that asks for a client certificate"
    is_old = bank.context.maximum_version is ssl.TLSVersion.TLSv1_2
    # TLS 1.2 has no alert for a certificate that is not there.
    missing = f"{unsaid}; nothing was sent" if is_old else refused
    assert answers[:2] == [NotSent(refused), NotSent(missing)]
    # Connections of another identity, or of none, serve nobody else.
    assert isinstance(answers[2], HttpAnswer)
    assert bank.requests == 1


def test_a_connection_that_just_ends_is_no_refusal(tmp_path: Path, known: ClientIdentity) -> None:
    """In TLS 1.3 the request is on its way by then, and no alert says that nobody read it."""
    for version, result in (
        (ssl.TLSVersion.TLSv1_2, NotSent("the server cannot be reached; nothing was sent")),
        (ssl.TLSVersion.TLSv1_3, AnswerLost("the connection ended without a whole answer")),
    ):
        bank = Bank(tmp_path, known, version)
        bank.silent = True
        assert asyncio.run(bank.asked(pair(tmp_path / "other"))) == [result]


def test_a_good_pair_has_no_problem(tmp_path: Path, known: ClientIdentity) -> None:
    assert pair_problem(known, NOW) is None
    both = known.certificate + known.key
    assert pair_problem(ClientIdentity(both, both), NOW) is None
    chain = known.certificate + pair(tmp_path / "ca").certificate
    assert pair_problem(ClientIdentity(chain, known.key), NOW) is None


def _encrypted(key: str) -> str:
    private = serialization.load_pem_private_key(key.encode(), password=None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    return private.private_bytes(*form, serialization.BestAvailableEncryption(b"pw")).decode()


def _rsa(_key: str) -> str:
    private = rsa.generate_private_key(65537, 2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
    return private.private_bytes(*form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_encrypted, "the private key is encrypted: give it without a password"),
        (_rsa, "the private key is not that of the certificate: its chain stands after it"),
        (lambda key: key[:-40], "the private key is no PEM of PKCS #8 or PKCS #1"),
        (lambda _: "", "the private key is no PEM of PKCS #8 or PKCS #1"),
        (lambda _: "sk_live_1", "the private key is no PEM of PKCS #8 or PKCS #1"),
    ],
    ids=["encrypted", "another", "cut", "empty", "no PEM"],
)
def test_a_key_that_does_not_serve(
    known: ClientIdentity, change: Callable[[str], str], problem: str
) -> None:
    assert pair_problem(ClientIdentity(known.certificate, change(known.key)), NOW) == problem


def _weak() -> ClientIdentity:
    """RSA of 1024 bits, which OpenSSL refuses at its usual level."""
    private = rsa.generate_private_key(65537, 1024)  # noqa: S505 - what is too weak is the case
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client.example")])
    made = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
    ends = NOW.replace(year=2027)
    signed = made.not_valid_before(NOW).not_valid_after(ends).sign(private, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    key = private.private_bytes(*form, serialization.NoEncryption())
    return ClientIdentity(signed.public_bytes(serialization.Encoding.PEM).decode(), key.decode())


def test_a_key_that_tls_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = _weak()
    # The usual policy of OpenSSL, whatever this machine's is.
    strict = ssl.create_default_context()
    strict.set_ciphers("DEFAULT@SECLEVEL=2")
    monkeypatch.setattr(ssl, "SSLContext", lambda _: strict)
    assert pair_problem(weak, NOW) == "TLS does not take it: a key of it is too short or weak"


def test_what_cannot_be_loaded_was_not_sent(bank: Bank, known: ClientIdentity) -> None:
    other = ClientIdentity(known.certificate, "no key")
    (result,) = asyncio.run(bank.asked(other))
    assert isinstance(result, NotSent)
    assert bank.requests == 0


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_certificate_that_is_none(known: ClientIdentity, text: str) -> None:
    problem = pair_problem(ClientIdentity(text, known.key), NOW)
    assert problem == "the certificate is no PEM of X.509"


@pytest.mark.parametrize(
    ("year", "problem"),
    [(1999, "the certificate is not valid yet"), (2201, "the certificate has ended")],
)
def test_a_certificate_out_of_its_time(known: ClientIdentity, year: int, problem: str) -> None:
    assert pair_problem(known, NOW.replace(year=year)) == problem


def test_nothing_of_a_pair_is_in_its_repr(known: ClientIdentity) -> None:
    assert repr(known) == "ClientIdentity()"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[ClientIdentity | None]:
    """What each request presents."""
    identities: list[ClientIdentity | None] = []
    whole = Sender.send

    async def send(self: Sender, *given: Any, **named: Any) -> Any:
        identities.append(named["identity"])
        return await whole(self, *given, **named)

    monkeypatch.setattr(Sender, "send", send)
    return identities


def test_a_run_presents_what_its_secrets_hold(
    execute: Any, shown: list[ClientIdentity | None]
) -> None:
    import httpx

    plan = load_plan(to_bytes(plan_of(program_of(FILE), "direct")))
    ran = execute(plan, "pay", RunRequest(), lambda _: httpx.Response(200, json={}))
    assert ran.done.outcome == "approved"
    (identity,) = shown
    assert identity is not None
    assert pair_problem(identity, NOW) is None
    assert sorted(plan.operations["pay"].runtime_secrets) == ["pair", "pair_key"]


def test_a_pair_that_does_not_serve_is_told_before_anything_is_sent(
    execute: Any, shown: list[ClientIdentity | None]
) -> None:
    plan = load_plan(to_bytes(plan_of(program_of(FILE), "direct")))
    good = sandbox_resolver(plan)
    swapped = lambda variable: "-----BEGIN X" if variable.endswith("PAIR") else good(variable)  # noqa: E731
    ran = execute(plan, "pay", RunRequest(), lambda _: None, swapped)
    assert ran.result is None
    (found,) = ran.sink.sorted()
    assert found.code == "FC0852"
    assert "FORWARDC_SECRET__SANDBOX__BANK__PAIR and " in str(found.hint)
    assert shown == []


def test_one_secret_may_hold_both(execute: Any, shown: list[ClientIdentity | None]) -> None:
    import httpx

    text = FILE.replace(", pair_key: {description: its key}", "").replace("pair_key", "pair")
    plan = load_plan(to_bytes(plan_of(program_of(text), "direct")))
    ran = execute(plan, "pay", RunRequest(), lambda _: httpx.Response(200, json={}))
    assert ran.done.outcome == "approved"
    assert shown[0] is not None


def test_an_approval_is_of_the_certificate_too() -> None:
    """Who is let in by it is what leaves: another secret for it needs a new approval."""
    files = FILE, FILE.replace("{certificate:", "{key:").replace(", key:", ", certificate:")
    plans = [load_plan(to_bytes(plan_of(program_of(text), "direct"))) for text in files]
    first, second = (approval_digest(plan, "pay") for plan in plans)
    assert first != second


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_at_a_vault_it_is_the_vault_that_presents_it(vault: str) -> None:
    text = FILE.replace("json: {amount: 1}", 'json: {number: "${card.number}"}')
    (pay,) = assessed(program_of(text), vault)
    assert ("degraded", "FC0637") in [(str(f.verdict), f.code) for f in pay.findings]
    plan = load_plan(to_bytes(plan_of(program_of(text), vault)))
    assert plan.operations["pay"].runtime_secrets == ()
    assert plan.operations["pay"].steps[0].client_certificate is None


@pytest.mark.parametrize(("held", "codes"), [("good", []), ("swapped", ["FC0852"])])
def test_a_server_tells_at_its_start(held: str, codes: list[str]) -> None:
    plan = load_plan(to_bytes(plan_of(program_of(FILE), "direct")))
    good = sandbox_resolver(plan)

    def swapped(variable: str) -> str | None:
        return "-----BEGIN X" if variable.endswith("PAIR") else good(variable)

    served = ServedPlan(plan, "pay", good if held == "good" else swapped)
    sink = Sink()
    components._check_secrets({("bank", "direct"): served}, Lock(), sink, emulated=True)
    assert [problem.code for problem in sink.sorted()] == codes
    # It is a warning: the other ways of the server are open.
    assert not sink.has_errors
