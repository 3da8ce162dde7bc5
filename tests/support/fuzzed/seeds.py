"""Real inputs of each reader: files of this repository, and what its vendors document."""

import gzip
import json
import zlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from bearer import claims, ec_signer
from forwardc.plan.changes import covers, digests
from forwardc.plan.model import load_plan
from forwardc.server.payment_sharing.answer import ReplayCipher
from gate import body, of_card, of_payment, of_token, signed

ROOT = Path(__file__).resolve().parents[3]


def _files(pattern: str, most: int = 12) -> list[bytes]:
    found = [path.read_bytes() for path in sorted(ROOT.glob(pattern))]
    assert found, pattern
    return sorted(found, key=len)[:most]


@cache
def projects() -> list[bytes]:
    return [*_files("forwardc.yaml"), *_files("tests/cases/bad/*/forwardc.yaml")]


@cache
def allow_comments() -> list[bytes]:
    texts = [
        "a: 1 # forwardc: allow FC0326, FC0343 because\nb: |  # forwardc: allow FC0308 is\n  #\n",
        "# forwardc: allow FC0326 one # forwardc: allow FC0326 two\r\n- 'a # forwardc: allow'",
        '{"a": 1, # forwardc: disable FC0326\n b: "${x" }',
    ]
    return [*_files("tests/cases/bad/allow-comments/*.yaml"), *(text.encode() for text in texts)]


@cache
def destinations() -> list[bytes]:
    return [*_files("destinations/*.yaml"), *_files("tests/cases/bad/*/destination.yaml", 40)]


@cache
def expressions() -> list[bytes]:
    return [
        b"params.amount",
        b"jwe(let.x, key=secrets.k, alg='A256GCMKW', enc='A256GCM', headers=let.h)",
        b"response.status in [200, 201] and not present(response.json['a'][0])",
        b"a ${card.number} b ${card.cvc?} $${",
        b'hex(hmac_sha256(secrets.k, params.a + ":" + text(unix(run.now))))',
        b"slice(card.number, 0, 6) == '4' or 1.5e3 <= -2",
    ]


@cache
def schemas() -> list[bytes]:
    return [
        b'{"type": "object", "properties": {"a": {"type": "integer", "maximum": 5}}}',
        b'{"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}',
        b'{"patternProperties": {"^(a+)+$": false}, "minLength": 1e400, "multipleOf": 0.1}',
        b'{"anyOf": [{"enum": [1, null, "x"]}, {"const": 1}], "uniqueItems": true}',
        b'{"$ref": "http://example.com/a", "format": "date", "if": true, "then": false}',
        b"true",
    ]


@cache
def patterns() -> list[bytes]:
    texts = [r"^src_\w{26}$", r"^(a+)+$", r"^\p{L}{1,1000}$", r"(?i)[a-z&&[^x]]|\bx", r"^(?=a)\1"]
    return [text.encode() for text in texts]


@cache
def texts() -> list[bytes]:
    line = "forwardc: 1 # é\n"
    return [line.encode(code) for code in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1")]


@cache
def lines() -> list[bytes]:
    return [
        b"key: sk_test_abcdefghijklmnop # AKIAIOSFODNN7EXAMPLE",
        b"https://user:pass@host.example/ eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
        "4242 4242-4242.4242 \u0664\u0662\u0664\u0662 4242\u200b4242".encode(),
        b"4" * 400 + b" 4-" * 300 + b"ab12" * 300,
        b"0000000000004242424242424242000000000000",
    ]


@cache
def plans() -> list[bytes]:
    return [*_files("build/*/*/*.plan.json", 6), *_files("tests/runtime/plans/*.json")]


@cache
def manifests() -> list[bytes]:
    return [*_files("build/manifest.json"), b'{"forwardc": 2, "language": 1, "inputs": {}}']


@cache
def coverages() -> list[bytes]:
    rows = b'{"forwardc": 1, "coverage": [{"destination": "a", "operation": "b", "vault": "c", '
    return [*_files("build/coverage.json"), rows + b'"level": "full"}]}', b'{"forwardc": 1}']


@cache
def history_urls() -> list[bytes]:
    return [
        b"/srv/history.db",
        b"sqlite:////srv/history.db",
        b"postgresql://us:p%40ss#x@db.example:5432/runs?sslmode=require",
        b"postgres://us@[::1]:5432,other/runs?password=x&service=y",
    ]


@cache
def locks() -> list[bytes]:
    by = {"date": "2026-11-20", "by": "Ann", "expires": "2027-01-31"}
    own: dict[str, Any] = {}
    for data in plans()[:2]:
        plan = load_plan(data)
        name = next(iter(plan.operations))
        digest = digests(plan, name)
        record = {"digest": digest["leaves"], "behaviour": digest["behaviour"], **by}
        own[f"{plan.vault}/{plan.destination}/{name}/production"] = record | {
            "covers": covers(plan, name)
        }
    accepted = [{"change": "a", "reason": "b", "by": "Ann", "date": "2026-11-20"}]
    whole = {"forwardc": 2, "own": own, "psp": {}, "accepted": accepted}
    return [json.dumps(whole).encode(), b'{"forwardc": 2, "own": {}, "psp": {}, "accepted": []}']


@cache
def old_locks() -> list[bytes]:
    return _files("tests/frozen/v1/forwardc.lock")


@cache
def days() -> list[bytes]:
    return [b"2027-01-31", b"2026-W50-1", b"20261120", b"2027-02-30", b"0001-01-01", b"9999-12-31"]


@cache
def secrets_files() -> list[bytes]:
    return [
        b'FORWARDC_A = "b"\ncache = "5m"\n[from]\nFORWARDC_B = "file:/run/a#x"\n',
        b'{"FORWARDC_A": "b", "from": {"FORWARDC_B": "vault:secret/data/a#b"}, "cache": "1h"}',
        b'{"from": {"A": "aws:name", "B": "keyring:a/b", "C": "command:pass a", "D": "env:X"}}',
        b'[from]\nA = ["file"]\n[sandbox]\nB = 5\n',
    ]


@cache
def settings() -> list[bytes]:
    return [
        b'[server]\nhost = "127.0.0.1"\nport = 8000\nnames = ["pay.example"]\n',
        b'[lookup]\nkind = "csv"\npath = "payments.csv"\n[issuer]\nleeway = 30\n',
        b'[lookup]\nkind = "http"\nurl = "https://a.example/{reference}"\n[limits]\nbody = 65536\n',
        b'[payment_sharing.destinations."COM.ROKT.CATALOG"]\nrun = "rokt.share"\n',
        b'[admit]\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n[replay]\nwindow = "1h"\n',
    ]


def _jwk(**more: Any) -> dict[str, Any]:
    return {**ec_signer().jwk(), "use": "sig", **more}


@cache
def server_keys() -> list[bytes]:
    sealing = {"kty": "oct", "use": "enc", "k": b64encode(b"k" * 32).decode().rstrip("=")}
    signing = json.loads(_signing_key())
    return [json.dumps({"keys": [signing, sealing]}).encode(), b'{"keys": []}']


def _signing_key() -> str:
    from jwcrypto.jwk import JWK

    return str(JWK.generate(kty="EC", crv="P-256", use="sig", alg="ES256").export())


@cache
def params_files() -> list[bytes]:
    return [
        b'{"amount": 1000, "currency": "EUR", "email": "a@b.example", "x": {"y": [1.5, null]}}',
        b'amount = 1000\ncurrency = "EUR"\nwhen = 2026-11-20T12:00:00Z\n[x]\ny = [1.5]\n',
        b'a = inf\nb = 1e999999\nc = 0x10\nd = """x"""\n',
    ]


@cache
def json_texts() -> list[bytes]:
    return [
        b'{"pspReference": "8835", "resultCode": "Authorised", "amount": {"value": 1000}}',
        b'{"error_codes": ["secret_name_invalid"], "error_type": "request_invalid"}',
        b'{"name": "a", "created_at": "2026-11-20T12:00:00Z", "version": 1}',
        b'[1, 1.0, 1e400, -0, "\\ud800", "\\u0000", true, null, {"a": 1, "a": 2}]',
        b"9" * 5000,
        b"[" * 5000,
        b'{"a":' * 2000,
        b"NaN",
        b')]}\',\n{"a": 1}',
    ]


@cache
def jwk_texts() -> list[bytes]:
    return [json.dumps(_jwk()).encode(), b'{"kty": 5}', b"[1]", b'"kty"']


@cache
def xml_names() -> list[bytes]:
    names = ["Amt", "pay:Amt", "Größe", "a:b:c", ":", "1a", "ﬁ", "\U000effff", "urn:a b", "a\x00"]
    return [name.encode() for name in names]


@cache
def csv_files() -> list[bytes]:
    return [
        b"reference,vault,source,email\npay-1,stripe,pm_1,a@b.example\npay-2,checkout,src_1,\n",
        b'reference,vault,source\n"a\n""b",stripe,pm_1\n\n"open',
        "\ufeffreference,vault,source\npay-é,stripe,pm_1\n".encode(),
        b"reference,reference,vault\n" + b"x" * 200_000,
    ]


@cache
def xml_texts() -> list[bytes]:
    return [
        b'<?xml version="1.0" encoding="utf-16"?><a x="1"><b/><b>t</b>tail</a>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        b'<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "x">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a>&#0;&#xD800;</a>',
        b"<a>" * 3000,
        b'<a xmlns="u" xmlns:p="u"><p:b p:c="1" c="2"/><!-- x --><?pi x?><![CDATA[<]]></a>',
    ]


@cache
def forms() -> list[bytes]:
    return [
        b"a=1&b[c]=2&b[d][]=3&a=4&%zz=%ff&=&&+=%20",
        b"grant_type=client_credentials&client_id=a&client_secret=b&scope=payment-sharing",
        b"Basic YTpi",
        b"approved=true;x=y",
    ]


@cache
def charsets() -> list[bytes]:
    text = '<?xml version="1.0" encoding="iso-8859-15"?><a>é€</a>'
    heads = [b"text/xml; charset=utf-16", b"text/html;charset=\"x'", b"application/json", b""]
    codes = ("utf-8", "utf-16", "utf-8-sig", "utf-32")
    return [head + b"\n" + text.encode(code) for head in heads for code in codes]


@cache
def compressed() -> list[bytes]:
    plain = b'{"a": "' + b"x" * 5000 + b'"}'
    return [gzip.compress(plain), zlib.compress(plain), zlib.compress(plain)[2:-4], b"\x1f\x8b\x08"]


@cache
def vault_answers() -> list[bytes]:
    inner = {"status": 200, "body": '{"id": "1"}', "headers": {"a": ["b"]}}
    document = {"destination_response": inner, "request_id": "r", "reference": "x"}
    return [
        b"201application/json\n" + json.dumps(document).encode(),
        b"200text/xml; charset=utf-16\n<a>1</a>",
        b"200application/x-www-form-urlencoded\na=1&a=2",
        b"402application/json\n" + b'{"error_codes": ["x"], "error": {"code": 5}}',
        b"200\n<!DOCTYPE html><title>Maintenance</title>",
    ]


@cache
def told_times() -> list[bytes]:
    return [
        b"Retry-After: Fri, 20 Nov 2026 12:00:30 GMT\nDate: Fri, 20 Nov 2026 12:00:00 GMT",
        b"retry-after: 12.5\nRetry-After: 99999999999999\nCache-Control: public, max-age=60",
        b"Retry-After: Friday, 20-Nov-26 12:00:45 GMT\nx: Fri Nov 20 12:01:00 2026",
    ]


@cache
def token_answers() -> list[bytes]:
    return [
        b'{"access_token": "abcdefgh12345678", "token_type": "Bearer", "expires_in": 3600}',
        b'{"error": "invalid_client", "error_description": "x"}',
        b'{"access_token": "abcdefgh12345678", "token_type": "bearer", "expires_in": "1e5"}',
    ]


@cache
def jwk_sets() -> list[bytes]:
    rsa = {"kty": "RSA", "n": b64encode(b"\xff" * 256).decode().rstrip("="), "e": "AQAB"}
    okp = {"kty": "OKP", "crv": "Ed25519", "x": b64encode(b"x" * 32).decode().rstrip("=")}
    return [json.dumps({"keys": [_jwk(), rsa, okp]}).encode(), json.dumps({"keys": [okp]}).encode()]


@cache
def http() -> list[bytes]:
    post = b"POST /v1/initiate-payment-sharing HTTP/1.1\r\nHost: pay.example\r\n"
    return [
        b"GET /health HTTP/1.1\r\nHost: pay.example\r\n\r\n",
        post + b"Content-Length: 2\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n{}GET / HTTP/1.1\r\n\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nX: y\r\n\r\n",
        post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET http://other.example/ HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        post
        + b"Expect: 100-continue\r\nForwarded: for=1.2.3.4\r\nContent-Length: 0005\r\n\r\nabcde",
    ]


@cache
def forwarded() -> list[bytes]:
    return [
        b'for=192.0.2.60;proto=http;by=203.0.113.43, for="[2001:db8::1]:4711"',
        b"203.0.113.195, 10.0.0.1\n10.0.0.2:80",
        b'for="_hidden", for=unknown\nFOR = "\\1.2.3.4"',
        b"::ffff:10.0.0.1%eth0, [::1]:5",
    ]


@cache
def tokens() -> list[bytes]:
    signer = ec_signer()
    return [
        signer.token(claims()).encode(),
        signer.token(claims(aud=[1], nbf=1e400), kid=5).encode(),
        signer.token(claims(scope=["a"]), b64=False).encode(),
        b"e30.e30.e30",
    ]


@cache
def sharing() -> list[bytes]:
    return [
        b'{"partnerPaymentReference": "pay-1", "destination": "COM.ROKT.CATALOG"}',
        b'{"partnerPaymentReference": "a", "customerIdentifiers": {"email": "a@b.example"}}',
        b'{"partnerPaymentReference": 1e999, "a": NaN}',
        b'{"destination": {"a": [[[[[[1]]]]]]}}',
    ]


@cache
def sealed() -> list[bytes]:
    return [ReplayCipher((b"k" * 32,)).encrypt(b"{}", "share").encode(), b"1.AAAA"]


@cache
def callbacks() -> list[bytes]:
    found = (of_token(), of_card(), of_payment(), of_token(None, "expired"))
    return [*(body(signed(one)) for one in found), body(signed(of_card(), at="general"))]


@cache
def cookies() -> list[bytes]:
    return [b"eyJ1c2UiOiJzZXNzaW9uIn0.AAAA", b".", b"e30"]
