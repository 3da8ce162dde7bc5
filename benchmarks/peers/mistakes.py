"""Mistakes in a generated definition: `forwardc check` refuses each of them, and so must a peer.

Some stand where no rendered file reads: a lazy language would let them through.
"""

from collections.abc import Callable
from typing import Any

Change = Callable[[dict[str, Any]], object]


def _step(data: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] = data["operations"]["payment"]["steps"]["pay"]
    return step


def _use(data: dict[str, Any], secret: str) -> None:
    _step(data)["request"]["headers"]["X-Client-Id"] = f"${{secrets.{secret}}}"


MISTAKES: dict[str, Change] = {
    "a key that nobody knows": lambda data: _step(data)["request"].update(header={}),
    "a top key that nobody knows": lambda data: data.update(vaults=["checkout"]),
    "another word than the two": lambda data: data["operations"]["payment"].update(
        initiator="shopper"
    ),
    "no environments": lambda data: data.pop("environments"),
    "an address without TLS": lambda data: data["environments"]["sandbox"].update(
        base_url="http://psp.example.com"
    ),
    "an address without TLS, in production": lambda data: data["environments"]["production"].update(
        base_url="http://psp.example.com"
    ),
    "a secret that is not declared": lambda data: _use(data, "nobody"),
    "a secret whose name goes on": lambda data: _use(data, "psp_0000_client_id2"),
    "a text for a number": lambda data: data["params"]["amount"].update(minimum="1"),
    "a number for a text": lambda data: data.update(title=5),
    "a length of what has none": lambda data: data["params"]["amount"].update(max_length=5),
    "an example of another type": lambda data: data["params"]["reference"].update(example=5),
    "two methods": lambda data: _step(data)["request"].update(PUT="/merchants"),
    "no method": lambda data: _step(data)["request"].pop("POST"),
    "two bodies": lambda data: _step(data)["request"].update(text="pay"),
    "a name that is none": lambda data: data["params"].update({"Amount-2": {"type": "integer"}}),
    "a type that is none": lambda data: data["settings"]["live_prefix"].update(type="text"),
    "an outcome that is none": lambda data: _step(data)["response"]["outcome"][0].update(
        {"is": "ok"}
    ),
    "an output without its place": lambda data: _step(data)["response"]["outputs"].update(x={}),
}
