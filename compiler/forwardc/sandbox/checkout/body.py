"""Reads JSON request bodies and checks their members, naming each fault by the member's path.

Knows no endpoint. The error codes are in Checkout.com's style (`<member>_required`,
`<member>_invalid`), which its public examples show for a few members only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from forwardc.sandbox.checkout.problems import CheckoutError, invalid
from forwardc.sandbox.masking import mask_text


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises `CheckoutError` (422) for anything else."""
    try:
        value = json.loads(await request.body(), parse_constant=_no_json)
        # Half of a surrogate pair is a JSON string and no text: it cannot go out in UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("request_body_malformed") from None
    if not isinstance(value, dict):
        raise invalid("request_body_malformed")
    return value


def _no_json(name: str) -> None:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(name)


@dataclass(slots=True)
class RequestFaults:
    """The faults found in one request, all of them before anything is refused."""

    found: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, path: str, kind: str, stem: str = "") -> None:
        """Note one fault: `kind` is `required`, `invalid`, `too_long`, ...

        `stem` stands for the path in the code, where the vendor has a name of its own.
        """
        code = f"{stem or path.replace('.', '_')}_{kind}"
        self.found[path] = (*self.found.get(path, ()), code)

    def note(self, path: str, *codes: str) -> None:
        """Note codes that are no kind of their member's, each once."""
        known = self.found.get(path, ())
        self.found[path] = (*known, *(code for code in codes if code not in known))

    def stop(self) -> None:
        """Raise the 422 with every fault, if there are any."""
        if self.found:
            codes = tuple(code for found in self.found.values() for code in found)
            raise CheckoutError(422, "request_invalid", codes, self.found)

    def only(self, owner: Mapping[str, Any], path: str, *names: str) -> None:
        """Note every member that is not one of `names`."""
        prefix = f"{path}." if path else ""
        for name in owner:
            if name not in names:
                # The name is the caller's text: it may be a card number as well.
                self.add(mask_text(f"{prefix}{name}"[:80]), "unknown")
