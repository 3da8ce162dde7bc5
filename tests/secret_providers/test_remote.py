"""Sources behind a network: HashiCorp Vault over its HTTP contract, AWS by a mock that others keep.

No real Vault and no AWS can be started here. The stand-in answers as HashiCorp's API documents
have it for KV version 2; moto plays AWS Secrets Manager below boto3.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from forwardc.runtime.secret_providers.hashicorp import HashicorpProvider
from forwardc.runtime.secret_providers.provider import SecretProviderError, fetch_in_time
from forwardc.runtime.secret_providers.resolver import ProviderResolver
from loopback import served

CANARY = "hush-canary-7373"
TOKEN = "hvs.hush-token-7373"
Bound = Callable[..., ProviderResolver]
KV = {"data": {"api_key": CANARY, "port": 1}, "metadata": {"version": 2}}
ANSWERS: dict[str, Callable[[], Response]] = {
    "shop/keys": lambda: JSONResponse({"request_id": "1", "data": KV}),
    "versioned/deleted": lambda: JSONResponse({"data": {"data": None, "metadata": {}}}, 404),
    "old": lambda: JSONResponse({"data": {"api_key": CANARY}}),
    "broken": lambda: Response(f'{{"data": "{CANARY}', media_type="application/json"),
    "sealed": lambda: JSONResponse({"errors": [f"Vault is sealed {CANARY}"]}, 503),
    "moved": lambda: RedirectResponse(f"https://elsewhere.example/{CANARY}", 307),
    "endless": lambda: Response(CANARY * 10000),
}


def read(request: Request) -> Response:
    """`GET /v1/:mount/data/:path` with the token in X-Vault-Token."""
    assert request.headers["x-vault-request"] == "true"
    if request.headers.get("x-vault-token") != TOKEN:
        return JSONResponse({"errors": ["permission denied"]}, 403)
    if request.headers.get("x-vault-namespace", "team") != "team":
        return JSONResponse({"errors": []}, 404)
    answer = ANSWERS.get(request.path_params["path"])
    return answer() if answer else JSONResponse({"errors": []}, 404)


@pytest.fixture(scope="module")
def vault() -> Iterator[dict[str, str]]:
    """The environment of somebody who has a token."""
    with served(Starlette(routes=[Route("/v1/secret/data/{path:path}", read)])) as url:
        yield {"VAULT_ADDR": url, "VAULT_TOKEN": TOKEN}


def test_a_field_of_a_secret_at_vault(bound: Bound, vault: dict[str, str]) -> None:
    for environ in (vault, vault | {"VAULT_NAMESPACE": "team"}):
        assert bound("vault:secret/data/shop/keys#api_key", environ)("A") == CANARY


@pytest.mark.parametrize(
    ("place", "changed", "reason"),
    [
        ("shop/keys#other", {}, "no member of this name"),
        ("shop/keys#port", {}, "something else than text"),
        ("shop/none#x", {}, "holds nothing at this path"),
        ("versioned/deleted#x", {}, "holds nothing at this path"),
        ("old#api_key", {}, "another form than KV version 2"),
        ("broken#x", {}, "another form than KV version 2"),
        ("sealed#x", {}, "is sealed"),
        ("moved#x", {}, "answered 307"),
        ("endless#x", {}, "more than"),
        ("shop/keys#api_key", {"VAULT_TOKEN": f"{TOKEN}x"}, "refused VAULT_TOKEN"),
        ("shop/keys#api_key", {"VAULT_TOKEN": f"{TOKEN}\u00e9"}, "cannot take VAULT_TOKEN"),
        ("shop/keys#api_key", {"VAULT_TOKEN": ""}, "needs VAULT_TOKEN"),
        ("shop/keys#api_key", {"VAULT_ADDR": ""}, "needs VAULT_ADDR"),
        ("shop/keys#api_key", {"VAULT_NAMESPACE": "other"}, "holds nothing"),
        ("shop/keys#api_key", {"VAULT_ADDR": "vault.example"}, "damaged address"),
        ("shop/keys#api_key", {"VAULT_ADDR": "http://vault.example:8200"}, "reached by https"),
        ("shop/keys#api_key", {"VAULT_ADDR": "http://127.0.0.1:1"}, "cannot be reached"),
        ("shop/keys#api_key", {"VAULT_CACERT": "/nowhere.pem"}, "certificates of VAULT_CACERT"),
    ],
)
def test_vault_gives_no_value(
    bound: Bound,
    vault: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    place: str,
    changed: dict[str, str],
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SecretProviderError, match=f"the source vault .*{reason}") as caught:
        bound(f"vault:secret/data/{place}", vault | changed)("A")
    seen = f"{caught.value!r} {caught.value.__context__!r} {caplog.text}"
    assert CANARY not in seen
    assert TOKEN not in seen


@pytest.mark.parametrize("drips", [False, True])
def test_a_vault_that_hangs(drips: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if drips:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(20):
            if drips:
                await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.1)

    with served(app) as url:
        source = HashicorpProvider({"VAULT_ADDR": url, "VAULT_TOKEN": TOKEN}, seconds=0.3)
        with pytest.raises(
            SecretProviderError, match=r"ReadTimeout|gave no answer in 0\.5 seconds"
        ):
            fetch_in_time(source, "secret/data/shop/keys#api_key", seconds=0.5)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of AWS Secrets Manager as moto plays it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("secretsmanager")


def test_a_secret_at_aws(bound: Bound, aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    aws.create_secret(Name="shop/api-key", SecretString=CANARY)
    held = json.dumps({"api_key": CANARY, "port": 1})
    arn = aws.create_secret(Name="shop", SecretString=held)["ARN"]
    caplog.clear()
    assert bound("aws:shop/api-key")("A") == CANARY
    assert bound("aws:shop#api_key")("A") == CANARY
    assert bound(f"aws:{arn}#api_key")("A") == CANARY
    # botocore writes whole answers at this level; ours keeps them in.
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("none", r"refused or failed \(ResourceNotFoundException\)"),
        ("bytes", "holds bytes, not text"),
        ("shop#other", "no member of this name"),
        ("shop#port", "something else than text"),
        ("plain#key", "no JSON object"),
    ],
)
def test_aws_gives_no_value(bound: Bound, aws: Any, place: str, reason: str) -> None:
    aws.create_secret(Name="bytes", SecretBinary=CANARY.encode())
    aws.create_secret(Name="shop", SecretString=json.dumps({"api_key": CANARY, "port": 1}))
    aws.create_secret(Name="plain", SecretString=CANARY)
    with pytest.raises(SecretProviderError, match=f"the source aws .*{reason}") as caught:
        bound(f"aws:{place}")("A")
    assert CANARY not in f"{caught.value!r} {caught.value.__context__!r}"


def test_aws_without_a_region(bound: Bound, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(SecretProviderError, match="NoRegionError"):
        bound("aws:shop")("A")
