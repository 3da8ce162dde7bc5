"""Which base URLs and paths may leave: a plain host, and a path that stays behind it."""

import pytest

from compiled import codes_of

FILE = """\
forwardc: 1
name: shop
title: A shop
docs: https://docs.shop.example
environments:
  sandbox: {{base_url: "{base}"}}
settings:
  host: {{type: string, default: pay.shop.com}}
  part: {{type: string, default: a}}
params:
  id: {{type: string}}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: "{path}"
          json:
            number: ${{card.number}}
            used: ["${{params.id}}", "${{settings.host}}", "${{settings.part}}"]
        response:
          outcome: by_status
"""


def refused(base: str = "https://pay.shop.com", path: str = "/v1/pay") -> bool:
    """Whether the host or the path is refused, by a check or by the file's form."""
    codes = codes_of(FILE.format(base=base, path=path))
    assert set(codes) <= {"FC0506", "FC0205"}, codes
    return bool(codes)


@pytest.mark.parametrize(
    "base",
    [
        "https://pay.shop.com",
        "https://pay-1.shop.co.uk:8443",
        "https://pay.shop.com/v1",
        "https://pay.shop.com/v1/cards.json",
        "https://pay.shop.com/a;b=c,d/~x",
        "https://${settings.host}",
        "https://${settings.part}.shop.com/v1",
    ],
)
def test_a_base_url(base: str) -> None:
    assert not refused(base)


@pytest.mark.parametrize(
    "base",
    [
        "https://pay.shop.com/",
        "https://pay.shop.com/v1/",
        "https://pay.shop.com//v1/",
        "https://user@pay.shop.com",
        "https://pay.shop.com@evil.com",
        "https://pay.shop.com\\\\.evil.com",
        "https://pay.shop.com?x=1",
        "https://pay.shop.com#x",
        "https://pay.shop.com/v1?x",
        "https://pay.shop.com:",
        "https://pay.shop.com:x",
        "https://pay.shop.com:123456",
        "https://Pay.shop.com",
        "https://payX.shop.com",
        "https://XX.shop.com",
        "https://pay..shop.com",
        "https://.shop.com",
        "https://pay.shop.com.",
        "https://pay_1.shop.com",
        "https://pay.shop.com/a b",
    ],
)
def test_a_base_url_that_is_more_or_less_than_one(base: str) -> None:
    assert refused(base)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1/pay", "/v1/pay/", "/v1/${params.id}/x", "/a.b~c!$&'()*+,;=:@%20"),
        "/${settings.part}/pay",
    ],
)
def test_a_path(path: str) -> None:
    assert not refused(path=path)


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.com/x", "/v1//x", "/v1?x=1", "/v1#x", "/v1 x", "/v1\\\\x", "/v1/é"),
        *(".evil.com/x", "@evil.com/x", ":8080/x", "v1/pay", "${params.id}/x"),
    ],
)
def test_a_path_that_could_lead_elsewhere(path: str) -> None:
    assert refused(path=path)
