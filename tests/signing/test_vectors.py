"""Published vectors of the named schemes, recomputed by what a run signs with."""

import base64
import hashlib
import hmac

import pytest

from forwardc.core.signatures import cybersource, http_messages, nuvei, oauth1, ogone, sigv4
from forwardc.core.signatures.keys import SigningError, private_key
from forwardc.core.signatures.names import SIGNATURE_NAMES
from forwardc.core.signatures.request_text import Pairs, RequestText
from forwardc.core.signatures.schemes import SIGNATURE_SCHEMES

# The public key of Mastercard's published tests (oauth1-signer-python, MIT).
MODULUS = (
    "mKHOVHuDCsRyEHkhEikIiL9-NRBQ7XwJQLFz--JqHSbsJ0izn0pBTYCh-Mur0iolCuwcVNihcuxZESff73HiZj_TA-m1j4E9lo"
    "OIkkMYD7QBxFabPTGL5IVtJbdIcoQHBi1Ed5G-GI0pBn2vBMxvxtoPv1SnS9Jp0oFoQp0gZ0dMUcFnHIHUUy5ttP4815Jhw_dg"
    "wUe5A4IgVKz1k3yxw57FaCFLregQDyPN0yIx41RtSZ_CtKa2xnkFPQC8Gi9-qr6aWKZgqmgBhzjNn17BDxTYRGcUKW8ltjOD7V"
    "x540qpTTijdrZnRd41sJvYSmfcXmliZAZgZy3t7Tc9DnTtKQ"
)


def mastercard(method: str, url: str, query: Pairs, body: str | None) -> RequestText:
    return RequestText(
        method,
        url,
        query,
        body=body,
        time=1626728330,
        nonce="Wpe3LF09z1e3xQRI",
        options={"consumer_key": "abc-abc-abc!123"},
    )


MASTERCARD = [
    (
        mastercard(
            "GET",
            "https://api.mastercard.com/abc/%123/service",
            (("a", "123"), ("b", "%2a2b3")),
            None,
        ),
        (
            "GET&https%3A%2F%2Fapi.mastercard.com%2Fabc%2F%25123%2Fservice&a%3D123%26b%3D%252A2b3%26oauth_bo"
            "dy_hash%3D47DEQpj8HBSa%2B%2FTImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D%26oauth_consumer_key%3Dabc-abc-"
            "abc%21123%26oauth_nonce%3DWpe3LF09z1e3xQRI%26oauth_signature_method%3DRSA-SHA256%26oauth_times"
            "tamp%3D1626728330%26oauth_version%3D1.0"
        ),
        (
            "GFdvCNe14/QdPi6KLgdFtYnqz9QVsqlzRwT1P5wvZCgyBzfTol69SRz4cIkeDx+IEeUfkbrPdVA9JPy0S9lgpM"
            "zs0KfIAX064Bz5mBbTni8NWD74ulN5eEDQRWB47BqEsvNPSJlJLGapVeYFyRlcIU7xMU1e1lA/tPTTHDSmIBfq"
            "4CtpCPvYMcd7ywoiHsi4hfI0d+TGS9pe0ez00mkne8C3/AHtuRIp564D02Hhl6s+TUGdUvlXTaFaIH9GVdZ15n"
            "/UcTCqSKFjorwA9guiJQlFpZtQy04BBD19VbN6/+SJvMAnVFQM5FJhgZ/5T9OP9+mjXz47EhG9MAx3raBjIw=="
        ),
    ),
    (
        mastercard(
            "POST",
            "https://sandbox.api.mastercard.com/mdes/digitization/static/1/0/tokenize",
            (("Format", "JSON"),),
            '{"foõ":"bar"}',
        ),
        (
            "POST&https%3A%2F%2Fsandbox.api.mastercard.com%2Fmdes%2Fdigitization%2Fstatic%2F1%2F0%2Ftokenize&"
            "Format%3DJSON%26oauth_body_hash%3D%2BZ%2BPWW2TJDnPvRcTgol%2BnKO3LT7xm8smnsg%2B%2F%2FXMIyI%3D%26"
            "oauth_consumer_key%3Dabc-abc-abc%21123%26oauth_nonce%3DWpe3LF09z1e3xQRI%26oauth_signature_metho"
            "d%3DRSA-SHA256%26oauth_timestamp%3D1626728330%26oauth_version%3D1.0"
        ),
        (
            "GBg5BBkJLIW+TG/kFlMvF+96BRC1c+byc9SC5uUflzgj1CIvOl4MFK7C7bN+BCmPQ1w5dFBxNVGbuz4QSdqFnQRwPyHbZ8sj"
            "GuV7vlUlSf43C5osWk0RtIS01bgbtx2WzqfSS9on80fw0sZykRIU5iSYVqsxNZzGX9PHTxgKTzSV3LOPy8BEjRgIPoU3tmxf5"
            "jNY2GIM7+4k2GubGpFHyXlIpXkcy7QxjPFSF4q29pkrNlP/cof6chsJYGY94SvL79CL8S9LfE9632GaISpKyEf0CsDdQrYuek"
            "PO4veSVBt3I7h2LmJlts554wz6Y4QjRFN2V8CxcXBfWPCsM5boog=="
        ),
    ),
]


@pytest.mark.parametrize(
    ("request_text", "text", "signature"), MASTERCARD, ids=["get", "post-utf8"]
)
def test_mastercards_base_string_is_the_signed_one(
    request_text: RequestText, text: str, signature: str
) -> None:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.hashes import SHA256

    assert oauth1.base_string(request_text) == text
    modulus = int.from_bytes(base64.urlsafe_b64decode(MODULUS + "=" * (-len(MODULUS) % 4)))
    key = RSAPublicNumbers(65537, modulus).public_key()
    key.verify(base64.b64decode(signature), text.encode(), PKCS1v15(), SHA256())


def test_the_appendix_of_rfc_9421() -> None:
    key = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    signed = RequestText(
        "POST",
        "https://example.com/foo",
        headers=(
            ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("Content-Type", "application/json"),
        ),
        time=1618884473,
        options={
            "alg": "hmac-sha256",
            "key_form": "base64",
            "key_id": "test-shared-secret",
            "label": "sig-b25",
            "components": ["date", "@authority", "content-type"],
        },
    )
    assert http_messages.header(signed, "Signature-Input", key) == (
        'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    )
    assert http_messages.header(signed, "Signature", key) == (
        "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"
    )


def test_the_samples_of_rfc_9530() -> None:
    for body, digest in (
        ('{"hello": "world"}', "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="),
        ('{"hello": "world"}\n', "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
    ):
        request = RequestText("POST", "https://example.com/", body=body)
        assert http_messages.content_digest(request) == f"sha-256=:{digest}:"
        assert cybersource.digest(request) == f"SHA-256={digest}"


def test_cybersource_signs_the_lines_that_it_lists() -> None:
    # No vector is published with its secret. The form is that of draft-cavage, whose vector the
    # test recomputes by the same steps: lines of `name: value`, HMAC-SHA256, base64.
    text = (
        "digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\n"
        "date: Tue, 07 Jun 2014 20:51:35 GMT\n(request-target): get /foo/Bar"
    )
    value = hmac.digest(b"don't tell", text.encode(), "sha256")
    assert base64.b64encode(value) == b"6aq7lLvqJlYRhEBkvl0+qMuSbMyxalPICsBh1qV6V/s="
    request = RequestText(
        "POST",
        "https://apitest.cybersource.com/pts/v2/payments",
        body="{}",
        time=1795176000,
        options={"key_id": "k-1", "merchant_id": "shop", "request_target": "(request-target)"},
    )
    lines = "\n".join(f"{name}: {value}" for name, value in cybersource.lines(request))
    assert lines == (
        "host: apitest.cybersource.com\ndate: Fri, 20 Nov 2026 12:00:00 GMT\n"
        "(request-target): post /pts/v2/payments\n"
        "digest: SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\nv-c-merchant-id: shop"
    )
    expected = base64.b64encode(hmac.digest(b"key", lines.encode(), "sha256")).decode()
    assert cybersource.signature(request, base64.b64encode(b"key").decode()) == (
        'keyid="k-1", algorithm="HmacSHA256", '
        'headers="host date (request-target) digest v-c-merchant-id", '
        f'signature="{expected}"'
    )


def test_nuvei_hashes_fields_in_their_order() -> None:
    fields = {
        "timeStamp": "test_time_stamp",
        "currency": "US",
        "amount": "100",
        "merchantId": "test_merchant_id",
        "merchantSiteId": "test_merchant_site_id",
        "clientRequestId": "test_client_request_id",
    }
    request = RequestText("POST", "https://n", fields=fields, options={"request": "payment"})
    assert nuvei.checksum(request, "SOMECREDENTIAL") == (
        "f5f6b38603163d7b460243cd732cea5205a624c4341e31304d5247a1ac8230f6"
    )


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("sha1", "9BB4528C53E5B72B5817777F908F0C39B29A311F"),
        (
            "sha512",
            (
                "28821B30AE41AE7C1222FD0FF2AD8A3ACA2BB472854C9BA8F86F1AD6428DC42EFD0AE2E04C18EAB2CA9794F2425DBC"
                "D16DABB81F40AFE4931E2DD424CA9B0B42"
            ),
        ),
    ],
)
def test_ogone_sorts_by_capitals_and_leaves_empty_fields_out(name: str, digest: str) -> None:
    fields = {
        "PSPID": "MrPSPID",
        "orderID": "1",
        "amount": "100",
        "currency": "EUR",
        "CN": "Client Name",
        "OPERATION": "RES",
        "ALIAS": "2",
        "CARDNO": "4111111111111111",
        "EMPTY": "",
    }
    request = RequestText("POST", "https://o", fields=fields, options={"hash": name})
    assert ogone.shasign(request, "mynicesig") == digest


def test_the_test_suite_of_aws() -> None:
    request = RequestText(
        "POST",
        "https://example.amazonaws.com/",
        body="Param1=value1",
        time=1440938160,
        options={"region": "us-east-1", "service": "service", "access_key_id": "AKIDEXAMPLE"},
    )
    # The suite signs Content-Length, too.
    headers = [
        ("content-length", "13"),
        ("content-type", "application/x-www-form-urlencoded"),
        *sigv4.signed_headers(request),
    ]
    text = sigv4.string_to_sign(request, headers)
    assert text.rpartition("\n")[2] == (
        "b1edd1d03544c25390e32085d55b57acc9a3961bb59415ff86c45c3d89d16cfb"
    )
    assert sigv4.signature(request, text, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") == (
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"
    )


@pytest.mark.parametrize(
    "secret", ["", "hush", "{}", '{"kty":"oct","k":"aGk"}', "-----BEGIN X-----"]
)
def test_a_secret_of_another_form_is_refused_and_not_shown(secret: str) -> None:
    for kind in ("RSA", "EC", "Ed25519"):
        with pytest.raises(SigningError) as refused:
            private_key(secret, kind)
        assert not secret or secret not in str(refused.value)
        assert refused.value.__cause__ is None
    for text in ("", "not base64!", "YQ"):
        with pytest.raises(SigningError):
            cybersource.signature(RequestText("GET", "https://c"), text)


def test_another_body_is_another_digest() -> None:
    for body in ("", "a", "a "):
        request = RequestText("POST", "https://c", body=body)
        expected = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert cybersource.digest(request).endswith(expected)


def test_every_name_has_its_scheme() -> None:
    assert tuple(SIGNATURE_SCHEMES) == SIGNATURE_NAMES
