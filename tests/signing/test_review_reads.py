"""What a named scheme reads of a request and signs, the review page names, and nothing else.

A scheme is given a request that notes what is read of it. Each thing that was read is altered: if
the text under the signature alters, the page must name it, in the order of that text. A scheme that
reads something new is met here by a thing that has no words, or by one that the page lacks.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

import pytest

from compiled import assessed, program_of
from forwardc.compile.review.page.protection import protections
from forwardc.core.signatures import cybersource, http_messages, nuvei, oauth1, ogone, sigv4
from forwardc.core.signatures.names import SIGNATURE_NAMES
from forwardc.core.signatures.request_text import RequestText
from forwardc.core.signatures.schemes import SIGNATURE_SCHEMES
from noted_request import Noted, Spy
from one_rule import one_rule

HEAD = """\
forwardc: 1
name: shop
title: Signed requests of a shop
environments: {sandbox: {base_url: "https://api.shop.example"}}
secrets: {mac: {description: Shared secret, high_entropy: true}}
operations:
  pay:
    initiator: merchant
    steps:
      pay:
        request:
          POST: /pathmark
          query: {queryname: querymark}
          headers: {X-Order: ordermark, X-Amz-Target: targetmark}
"""
TAIL = "        response: {outcome: by_status}\n"
# Base64, and text, so that each scheme takes it.
SECRET = "aHVzaGh1c2g="
_NUVEI = ("merchantId", "merchantSiteId", "clientRequestId", "amount", "currency", "timeStamp")
COMPONENTS = (
    *("@method", "@path", "@query", "@request-target", "@authority", "@scheme", "@target-uri"),
    *("content-digest", "x-order"),
)
OTHER: Mapping[str, Callable[[RequestText], RequestText]] = {
    "method": lambda one: replace(one, method="PUT"),
    "host": lambda one: replace(one, url=one.url.replace("api.", "other.")),
    "path": lambda one: replace(one, url=f"{one.url}other"),
    "url": lambda one: replace(one, url=f"{one.url}other"),
    "query": lambda one: replace(one, query=(("queryname", "other"),)),
    "body": lambda one: replace(one, body="other"),
    "time": lambda one: replace(one, time=one.time + 86_400),
    "nonce": lambda one: replace(one, nonce="other"),
}
# What the page may call a thing that it does not quote.
NAMES = {
    "method": ("post",),
    "host": ("host",),
    "path": ("pathmark",),
    "url": ("pathmark",),
    "query": ("querymark",),
    "body": ("body",),
    "time": ("the time of sending", "x-amz-date"),
    "nonce": ("a nonce",),
}


@dataclass(frozen=True)
class Signed:
    """A use of one scheme: what the author says of it, and the body that it stands over."""

    scheme: str
    options: Mapping[str, Any]
    fields: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "json"

    def request(self) -> RequestText:
        return RequestText(
            "POST",
            "https://api.shop.example/pathmark",
            (("queryname", "querymark"),),
            (("X-Order", "ordermark"), ("X-Amz-Target", "targetmark")),
            body="{}",
            fields=dict(self.fields),
            time=1_800_000_000,
            nonce="noncemark",
            options=dict(self.options),
        )

    def parts(self) -> list[tuple[str, str]]:
        """The rows of the page, of a file that says the same."""
        said = ", ".join(f"{name}: {_yaml(value)}" for name, value in self.options.items())
        body = ", ".join(f"{name}: {value}" for name, value in (self.fields or {"a": "b"}).items())
        lines = (
            f"{self.encoding}: {{{body}}}",
            f"sign: {{scheme: {self.scheme}, secret: '${{secrets.mac}}', {said}}}",
        )
        text = HEAD + "".join(f"          {line}\n" for line in lines) + TAIL
        (one,) = assessed(program_of(text), "direct")
        ((_, (signature,)),) = protections(one, {})
        found: list[tuple[str, str]] = signature.parts
        return found


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(repr, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


USES = {
    "cybersource": Signed(
        "cybersource-http-signature", {"key_id": "keymark", "merchant_id": "merchantmark"}
    ),
    "cybersource-older": Signed(
        "cybersource-http-signature",
        {"key_id": "k", "merchant_id": "merchantmark", "request_target": "(request-target)"},
    ),
    **{
        f"nuvei-{request}": Signed(
            "nuvei-checksum",
            {"request": request},
            {name: f"{name.lower()}mark" for name in nuvei.ORDERS[request]},
        )
        for request in nuvei.ORDERS
    },
    **{
        f"ogone-{name}": Signed(
            "ogone-shasign", {"hash": name}, {"B_1": "secondmark", "a1": "firstmark"}, "form"
        )
        for name in ogone.HASHES
    },
    "mastercard": Signed("mastercard-oauth1", {"consumer_key": "keymark"}),
    "rfc9421": Signed(
        "rfc9421", {"alg": "hmac-sha256", "key_id": "keymark", "components": list(COMPONENTS)}
    ),
    "rfc9421-all": Signed(
        "rfc9421",
        {
            "alg": "hmac-sha256",
            "key_id": "keymark",
            "components": list(COMPONENTS),
            "content_digest": "sha-512",
            "label": "labelmark",
            "nonce": True,
            "tag": "tagmark",
        },
    ),
    "aws": Signed(
        "aws-sigv4",
        {"access_key_id": "idmark", "region": "regionmark", "service": "servicemark"},
    ),
    "aws-token": Signed(
        "aws-sigv4",
        {
            "access_key_id": "idmark",
            "region": "regionmark",
            "service": "s3",
            "session_token": "${secrets.mac}",
        },
    ),
}


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    watching = Spy()
    for module in (cybersource, nuvei, oauth1, sigv4):
        monkeypatch.setattr(module, "sha256", watching.sha256)
    for module in (cybersource, http_messages, sigv4):
        monkeypatch.setattr(module, "hmac", watching)
    for module in (http_messages, ogone):
        monkeypatch.setattr(module, "hashlib", watching)
    monkeypatch.setattr(oauth1, "private_key", watching.private_key)
    return watching


def signed(use: Signed, request: Any, spy: Spy) -> str:
    """The texts under the signature: all that is hashed, but for the body by itself."""
    spy.seen.clear()
    scheme = SIGNATURE_SCHEMES[use.scheme]
    *_, gives = scheme.adds("POST", dict(use.options))
    scheme.compute(request, gives, SECRET)
    texts = [text for text in spy.seen if text not in ("{}", "other")]
    # AWS signs the hash of a text; its key is made of parts that stand in the second one, too.
    texts = [text for text in texts if "\n" in text] if use.scheme == "aws-sigv4" else texts[-1:]
    return unquote(unquote("\n".join(texts)))


def altered(request: RequestText, thing: str) -> RequestText:
    kind, _, name = thing.partition(" ")
    if kind == "header":
        others = tuple(pair for pair in request.headers if pair[0].lower() != name)
        return replace(request, headers=(*others, (name, "other")))
    if kind == "field":
        return replace(request, fields={**request.fields, name: "other"})
    if kind == "option":
        return replace(request, options=_other_option(request.options, name))
    return OTHER[thing](request)


def _other_option(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    known: dict[str, Any] = {
        "components": ["@method"],
        # How it is signed, which is no text.
        "alg": options.get("alg"),
        "hash": "sha256" if options.get("hash") == "sha1" else "sha1",
        "content_digest": "sha-256" if options.get("content_digest") == "sha-512" else "sha-512",
        "nonce": not options.get("nonce"),
        "request": "payment" if options.get("request") == "getSessionToken" else "getSessionToken",
    }
    return {**options, name: known.get(name, "other")}


def names_of(use: Signed, thing: str) -> tuple[str, ...]:
    """What of the page says this thing; each is one way to say it."""
    kind, _, name = thing.partition(" ")
    match kind:
        case "header":
            return (name, dict(use.request().headers).get(name, name))
        case "field":
            return (use.fields[name],)
        case "option" if name == "session_token":
            return ("x-amz-security-token",)
        case "option" if name == "nonce":
            return ("a nonce",)
        case "option" if name == "service":
            return (str(use.options[name]),)
        case "option":
            return (str(use.options[name]).lower(),)
        case _:
            return NAMES[thing]


def things_signed(use: Signed, spy: Spy) -> dict[str, bool]:
    """What the scheme reads, and whether it is in the text under the signature."""
    noted = Noted(use.request())
    text = signed(use, noted, spy)
    assert text == signed(use, use.request(), spy)
    read = sorted(noted.read)
    return {thing: signed(use, altered(use.request(), thing), spy) != text for thing in read}


# What chooses the form of the others; it stands on the page by what it chooses.
_FORMS = {"option components", "option request", "option request_target", "option hash"}


def test_each_scheme_is_used() -> None:
    assert {use.scheme for use in USES.values()} == set(SIGNATURE_NAMES)


@one_rule("name", sorted(USES))
def test_the_page_names_all_that_is_signed(name: str, spy: Spy) -> None:
    use = USES[name]
    things = things_signed(use, spy)
    said = " | ".join(f"{label} {words}" for label, words in use.parts()).lower()
    under = {thing for thing, is_signed in things.items() if is_signed and thing not in _FORMS}
    assert under
    for thing in sorted(under):
        if thing.startswith(("option", "field")) and not _is_said(use, thing):
            continue
        assert any(word in said for word in names_of(use, thing)), (thing, said)


def _is_said(use: Signed, thing: str) -> bool:
    """Whether the author said it: what he left out is not signed, and on no page."""
    kind, _, name = thing.partition(" ")
    return name in (use.options if kind == "option" else use.fields)


@one_rule("name", sorted(USES))
def test_the_page_quotes_nothing_that_is_not_signed(name: str, spy: Spy) -> None:
    use = USES[name]
    text = signed(use, use.request(), spy).lower()
    said = " ".join(words for _, words in use.parts()).lower()
    quoted = {word for word in re.split(r"[^a-z0-9]+", said) if word.endswith("mark")}
    assert quoted
    for word in sorted(quoted):
        assert word in text


@one_rule("name", sorted(USES))
def test_the_page_has_the_order_of_the_text(name: str, spy: Spy) -> None:
    """Parts that are quoted stand in the text one after the other, as the rows do."""
    use = USES[name]
    text, at = signed(use, use.request(), spy).lower(), 0
    for label, words in use.parts():
        marks = [word for word in _marks() if word in f"{label} {words}".lower()]
        if not marks or (use.scheme == "mastercard-oauth1" and "parameters" in label):
            continue
        at = text.index(marks[0], at)


def _marks() -> list[str]:
    said = [(*use.options.values(), *use.fields.values()) for use in USES.values()]
    values = [value for group in said for value in group]
    return [
        *("pathmark", "querymark", "ordermark"),
        *sorted({value for value in values if isinstance(value, str) and value.endswith("mark")}),
    ]


def test_the_rows_of_aws_are_the_text(spy: Spy) -> None:
    """Nothing of AWS's text is without its row: it is put together by the rows alone."""
    use = USES["aws"]
    request, rows = use.request(), dict(use.parts())
    values = {"host": "api.shop.example", "x-amz-target": "targetmark"}
    values["x-amz-date"] = "20270115T080000Z"
    values["x-amz-content-sha256"] = hashlib.sha256(b"{}").hexdigest()
    names = rows["headers"].split(", ")
    canonical = "\n".join(
        [
            *(rows["method"], rows["path, percent-encoded"], rows["query, sorted"]),
            *(f"{name}:{values[name]}" for name in names),
            *("", ";".join(names), values["x-amz-content-sha256"]),
        ]
    )
    assert rows["hexadecimal of the SHA-256 of"] == "the whole JSON body"
    assert canonical == signed(use, request, spy).partition("\nAWS4")[0]
    assert list(rows)[-1] == "key for"


def test_the_rows_of_mastercard_are_the_text(spy: Spy) -> None:
    use = USES["mastercard"]
    rows = dict(use.parts())
    text = signed(use, use.request(), spy)
    method, address, parameters = text.split("&", 2)
    host, path = address.removeprefix("https://").split("/", 1)
    assert list(rows.values())[:2] == [method, f"the host that is called, then /{path}"]
    assert host == "api.shop.example"
    words = list(rows.values())[2]
    named = {
        "oauth_consumer_key": "consumer key keymark",
        "oauth_nonce": "a nonce",
        "oauth_timestamp": "the time of sending",
        "oauth_signature_method": "RSA-SHA256",
        "oauth_version": "version 1.0",
        "oauth_body_hash": "base64 of the SHA-256 of the whole JSON body",
        "queryname": "queryname=querymark",
    }
    signed_names = [pair.partition("=")[0] for pair in parameters.split("&")]
    assert sorted(signed_names) == sorted(named)
    for said in named.values():
        assert said in words
        words = words.replace(said, "")
    assert set(words) <= set(" ,;")
