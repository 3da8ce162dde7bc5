"""Where credentials come from, how they derive, and the sandbox's rule."""

import base64
import hashlib
import pickle
from dataclasses import replace

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, PlanSecret
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.runtime.secret_providers.plan_secrets import (
    collect_secrets,
    derive,
    sandbox_resolver,
)
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key

RAW = "hush-hush-1234"


def test_keys_derive() -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(RAW.encode()).digest()).decode().rstrip("=")
    assert derive(PlanSecret(), RAW) == RAW
    assert derive(PlanSecret(as_key="sha256_base64url"), RAW) == digest
    assert derive(PlanSecret(as_key="base64url"), "a?~") == "YT9-"
    assert derive(PlanSecret(as_key="jwk"), '{"kty": "oct"}') == '{"kty": "oct"}'
    for text in (RAW, "[]", "{}"):
        with pytest.raises(ValueError, match=r"JWK|Expecting"):
            derive(PlanSecret(as_key="jwk"), text)


def test_the_derived_value_is_used(direct: Plan) -> None:
    sink = Sink()
    found = collect_secrets(direct, direct.operations["two_steps"], lambda _: "a?~", sink)
    assert found["secrets.signing"].reveal() == "YT9-"
    assert found["secrets.key"].reveal() == "a?~"


def test_secrets_never_print(direct: Plan) -> None:
    found = collect_secrets(direct, direct.operations["two_steps"], lambda _: RAW, Sink())
    assert RAW not in f"{found} {found!r} {list(map(str, found.values()))}"
    with pytest.raises(TypeError):
        pickle.dumps(found)


def test_the_sandbox_derives_the_same_values(forward: Plan) -> None:
    look_up = sandbox_resolver(forward)
    assert look_up("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY") == checkout_secret_key()
    assert look_up("FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY") == sandbox_secret(
        "adyen", "adyen_api_key"
    )
    assert sandbox_secret("a", "b") == secret("a", "b")
    stripe = replace(forward, vault="stripe")
    key = sandbox_resolver(stripe)("FORWARDC_VAULT__SANDBOX__STRIPE__API_KEY")
    assert key == stripe_secret_key()
    assert look_up("HOME") is None


@pytest.mark.parametrize("short", ["hush-hush-1234", "abababababababab", "", "1234567890"])
def test_what_can_be_guessed_from_its_hash_is_refused(direct: Plan, short: str) -> None:
    key = replace(direct.secrets["key"], high_entropy=True)
    plan = replace(direct, secrets={**direct.secrets, "key": key})
    for value, expected in ((short, ["FC0850"]), ("4f6aBc9e0d1f-2b7c", [])):
        sink = Sink()
        found = collect_secrets(plan, plan.operations["two_steps"], lambda _, v=value: v, sink)  # type: ignore[misc]
        assert [problem.code for problem in sink.sorted()] == expected
        assert ("secrets.key" in found) is not expected
        assert not short or short not in "".join(problem.message for problem in sink.sorted())
