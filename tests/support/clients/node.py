"""The vendors' clients for Node.js, in a process of their own that answers line by line."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clients import install
from clients.case import MissingCallError, RaisedError
from clients.keys import Keys
from patience import LONG_S

DRIVER = install.SOURCE / "driver.js"


def locked_version(package: str) -> str:
    """The version of a client in the lock of the Node.js clients."""
    lock = json.loads((install.SOURCE / "package-lock.json").read_text(encoding="utf-8"))
    found: str = lock["packages"][f"node_modules/{package}"]["version"]
    return found


def need_node() -> None:
    """Skip the test where the clients are not there; `FORWARDC_REQUIRE_NODE=1` fails it instead."""
    try:
        install.node()
        install.installed()
    except install.NoNodeError as problem:
        if os.environ.get("FORWARDC_REQUIRE_NODE") == "1":
            pytest.fail(str(problem))
        pytest.skip(str(problem))


class Driver:
    """One running `driver.js`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, line: dict[str, Any]) -> dict[str, Any]:
        """Send a line and wait for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the driver ended"
        read: dict[str, Any] = json.loads(answer)
        return read


@contextmanager
def driver(**start: Any) -> Iterator[Driver]:
    """A driver that has loaded the client of `vendor`. Raises `NoNodeError`."""
    start["installed"] = str(install.installed())
    # Nothing of the caller's environment: a client reads credentials there.
    with subprocess.Popen(
        [*install.node(), str(DRIVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"NO_COLOR": "1"},
    ) as process:
        running = Driver(process)
        running.ask(start)
        try:
            yield running
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(LONG_S)


class StripeNode:
    """Stripe's client for Node.js. Names of calls are those of Python's, in camel case."""

    name = "stripe-node"
    version = locked_version("stripe")

    def __init__(self, running: Driver) -> None:
        self._running = running

    @staticmethod
    def named(name: str) -> str:
        """The call as this client names it."""
        if name == "customers.payment_methods.list":
            return "customers.listPaymentMethods"
        own = {"delete": "del"}
        parts = [re.sub(r"_([a-z])", lambda at: at[1].upper(), part) for part in name.split(".")]
        return ".".join([*parts[:-1], own.get(parts[-1], parts[-1])])

    def call(
        self, name: str, *args: Any, every: bool = False, at_once: int = 1, **options: Any
    ) -> Any:
        """As `Client.call`. `every` walks through the pages of a list; `at_once` calls together."""
        own = {"idempotency_key": "idempotencyKey", "stripe_version": "apiVersion"}
        own |= {"api_key": "apiKey", "stripe_account": "stripeAccount"}
        own |= {"max_network_retries": "maxNetworkRetries"}
        more = [{own[key]: value for key, value in options.items()}] if options else []
        line = {"method": self.named(name), "args": [*args, *more], "every": every}
        line |= {"atOnce": at_once}
        return answered(name, self._running.ask(line))


def answered(name: str, answer: dict[str, Any]) -> Any:
    """What a driver's answer says: a value, or an error to raise."""
    if answer.get("missing"):
        raise MissingCallError(name)
    raised = answer.get("raised")
    if raised is None:
        return answer["returned"]
    intent = (raised["body"].get("payment_intent") or {}).get("status")
    about = {key: raised.get(key) for key in ("code", "decline_code", "param", "codes")}
    about["type"] = raised["body"].get("error_type")
    raise RaisedError(raised["kind"], raised.get("status"), intent=intent, **about)


class CheckoutNode:
    """Checkout.com's client for Node.js. Calls are named as in `CHECKOUT_CALLS`."""

    name = "checkout-sdk-node"
    version = locked_version("checkout-sdk-node")

    def __init__(self, running: Driver, keys: Keys) -> None:
        self._running = running
        self._keys = keys

    @staticmethod
    def named(name: str) -> str:
        """The call as this client names it."""
        return CHECKOUT_CALLS[name]

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        """As `Client.call`. Options: `key`, or `scopes` and `secret` of OAuth."""
        client: dict[str, Any] = {"key": options.get("key")}
        if "scopes" in options:
            secret = options.get("secret", self._keys.client_secret)
            client = {"client": self._keys.client, "secret": secret, "scope": options["scopes"]}
        key = options.get("idempotency")
        line = {"method": self.named(name), "args": [*args, key] if key else args, "client": client}
        return answered(name, self._running.ask(line))


CHECKOUT_CALLS = {
    "tokens.card": "tokens.request",
    "tokens.cvv": "tokens.request",
    "tokens.pin": "tokens.request",
    "tokens.metadata": "tokens.getTokenMetadata",
    "instruments.create": "instruments.create",
    "instruments.get": "instruments.get",
    "instruments.update": "instruments.update",
    "instruments.revoke": "instruments.revoke",
    "instruments.delete": "instruments.delete",
    "forward.create": "forward.forwardRequest",
    "forward.get": "forward.get",
    "secrets.create": "forward.createSecret",
    "secrets.list": "forward.listSecrets",
    "secrets.update": "forward.updateSecret",
    "secrets.delete": "forward.deleteSecret",
    "payments.create": "payments.request",
    "payments.get": "payments.get",
    "payments.list": "payments.getPaymentList",
    "payments.actions": "payments.getActions",
    "payments.capture": "payments.capture",
    "payments.void": "payments.void",
    "payments.refund": "payments.refund",
    "payments.reverse": "payments.reverse",
    "network_tokens.create": "networkTokens.provisionNetworkToken",
    "network_tokens.get": "networkTokens.getNetworkToken",
    "network_tokens.cryptogram": "networkTokens.provisionCryptogram",
    "network_tokens.delete": "networkTokens.deleteNetworkToken",
    "oauth.token": "access.request",
}
