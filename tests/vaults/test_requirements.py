"""What a vault asks beyond its table, where the checks of the language would stop first."""

import pytest

from compiled import assessed, codes_of, read_program
from forwardc.core.diagnostics.sink import Sink

TEXT = """forwardc: 1
name: case
title: A case
environments: {{sandbox: {{base_url: "https://api.case.example"}}}}
secrets: {{key: {{as_key: jwk}}}}
operations:
  pay:
    initiator: customer
    steps:
      send:
        request:
          POST: /c
          json: {{card: "${{jwe(card.number, key=secrets.key, alg='{alg}', enc='{enc}')}}"}}
        response: {{outcome: by_status}}
"""


def reasons(alg: str, enc: str) -> list[str]:
    sink = Sink()
    program = read_program(TEXT.format(alg=alg, enc=enc).encode(), sink)
    assert program is not None
    (one,) = assessed(program, "checkout")
    assert (one.emission is None) is bool(one.refusal)
    return [f"{found.code} {found.reason}" for found in one.findings]


def test_a_known_algorithm_is_carried() -> None:
    assert reasons("A256GCMKW", "A256CBC-HS512") == []
    assert codes_of(TEXT.format(alg="A256GCMKW", enc="A256CBC-HS512")) == []


def test_an_algorithm_that_the_vault_does_not_list_is_refused_by_check_and_vault() -> None:
    assert codes_of(TEXT.format(alg="RSA1_5", enc="A256GCM")) == ["FC0512"]
    (reason,) = reasons("RSA1_5", "A256GCM")
    assert reason.startswith("FC0601 `jwe` takes one of these as alg: RSA-OAEP,")


def test_an_encryption_that_nobody_knows_is_refused_by_check_and_vault() -> None:
    assert codes_of(TEXT.format(alg="A256GCMKW", enc="A192CTR")) == ["FC0512"]
    (reason,) = reasons("A256GCMKW", "A192CTR")
    assert reason.startswith("FC0601 `jwe` takes one of these as enc: A128GCM,")


@pytest.mark.parametrize("enc", ["A192GCM", "A192CBC-HS384"])
def test_an_encryption_that_the_vault_does_not_list_is_refused_by_the_vault(enc: str) -> None:
    assert codes_of(TEXT.format(alg="A256GCMKW", enc=enc)) == []
    (reason,) = reasons("A256GCMKW", enc)
    assert reason.startswith("FC0601 `jwe` takes one of these as enc: A128GCM,")
