"""The sandbox's own switches of the Stripe account, at `/_sandbox/stripe`. Not Stripe's API.

JSON in, JSON out; loopback only, so no key is asked for. One switch is the customer whom a payment
asks for authentication, as nobody is there: after it the intent is what it is at Stripe after 3-D
Secure.
"""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.stripe import paying
from forwardc.sandbox.stripe.account import CHOICES, SETTINGS, StripeCaller, setting
from forwardc.sandbox.stripe.call import Row, StripeCall, new_id
from forwardc.sandbox.stripe.fields import ARRANGED, BlankField
from forwardc.sandbox.stripe.intent import NO_METHOD
from forwardc.sandbox.world import World

_TABLES = {"pi_": "payment_intents", "seti_": "setup_intents"}
_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again."
)


def answer_challenge(world: World, identifier: str, *, passed: bool) -> bool:
    """Pass or fail the authentication of an intent; False where no intent waits for one."""
    row = _waiting(world, identifier)
    if row is None:
        return False
    intent = row["object"]
    caller = StripeCaller(intent["livemode"], None, "")
    call = StripeCall(world, caller, str(setting(world, "api_version")), {}, {})
    intent["next_action"] = None
    if not passed:
        _fail(intent)
    elif intent.get("confirmation_method") == "manual":
        # Its server has to confirm once more (API reference), and is not asked again.
        intent["status"] = "requires_confirmation"
        row["authenticated"] = True
    else:
        paying.finish(call, row)
    return True


def _waiting(world: World, identifier: str) -> Row | None:
    for prefix, table in _TABLES.items():
        row: Row | None = world.table(f"stripe.{table}").get(identifier)
        if identifier.startswith(prefix) and row is not None:
            return row if row["object"]["status"] == "requires_action" else None
    return None


def _fail(intent: dict[str, Any]) -> None:
    kind = intent["object"]
    where = "last_payment_error" if kind == "payment_intent" else "last_setup_error"
    intent[where] = {
        "code": f"{kind}_authentication_failure",
        "message": _FAILED,
        "type": "invalid_request_error",
    }
    intent |= {"status": NO_METHOD, "payment_method": None}


# --- Switches

_KINDS = frozenset(
    kind.value + end for kind in BlankField if kind not in ARRANGED for end in ("", ":number")
)


class _SwitchError(SandboxError, ValueError):
    """The body of a switch is not what it should be."""


def routes(world: World) -> list[Route]:
    """The switches, by name.

    - settings: any of `account.SETTINGS`
    - destinations: {"url_pattern", "fields": {path: kind}, "headers": [name] | null}
    - destination_keys: {"host", "sha256"}
    - restricted_keys: {"key", "permissions": [name]}
    - accounts: {"id"}, a connected account
    - authentications: {"intent", "passed"}, what the customer does
    """
    takers = {
        "settings": _settings,
        "destinations": _destination,
        "destination_keys": _destination_key,
        "restricted_keys": _restricted_key,
        "accounts": _account,
        "authentications": _authentication,
    }

    def route(name: str) -> Route:
        async def answer(request: Request) -> JSONResponse:
            try:
                takers[name](world, await _object(request))
            except _SwitchError as error:
                return JSONResponse({"error": str(error)}, 400)
            return JSONResponse({"ok": True})

        return Route(f"/_sandbox/stripe/{name}", answer, methods=["POST"])

    return [route(name) for name in takers]


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise _SwitchError("The body must be JSON.") from None
    if not isinstance(body, dict):
        raise _SwitchError("The body must be a JSON object.")
    return body


def _settings(world: World, body: dict[str, Any]) -> None:
    for name, value in body.items():
        if name not in SETTINGS or type(value) is not type(SETTINGS[name]):
            raise _SwitchError(f"No such setting, or of another type: {name}")
        if name in CHOICES and value not in CHOICES[name]:
            raise _SwitchError(f"{name} is one of: {', '.join(sorted(CHOICES[name]))}")
    world.table("stripe.settings").update(body)


def _destination(world: World, body: dict[str, Any]) -> None:
    fields, headers = body.get("fields"), body.get("headers")
    if not isinstance(body.get("url_pattern"), str) or not isinstance(fields, dict):
        raise _SwitchError("A destination needs url_pattern and fields.")
    if not set(fields.values()) <= _KINDS:
        raise _SwitchError(f"The kinds of fields are: {', '.join(sorted(_KINDS))}")
    if not (headers is None or _texts(headers)):
        raise _SwitchError("headers must be a list of names.")
    row = {"url_pattern": body["url_pattern"], "fields": fields, "headers": headers}
    world.table("stripe.destinations")[new_id("dest")] = row


def _destination_key(world: World, body: dict[str, Any]) -> None:
    host, digest = body.get("host"), body.get("sha256")
    if not isinstance(host, str) or re.fullmatch(r"[0-9a-f]{64}", str(digest)) is None:
        raise _SwitchError("A key needs host, and sha256 in lower-case hexadecimal.")
    world.table("stripe.destination_keys").setdefault(host, []).append(digest)


def _restricted_key(world: World, body: dict[str, Any]) -> None:
    key, permissions = body.get("key"), body.get("permissions")
    if re.fullmatch(r"rk_(test|live)_[A-Za-z0-9]{16,}", str(key)) is None:
        raise _SwitchError("A restricted key has the shape rk_test_ and 16 letters or digits.")
    if not _texts(permissions):
        raise _SwitchError("permissions must be a list of names.")
    world.table("stripe.restricted_keys")[str(key)] = {"permissions": permissions}


def _account(world: World, body: dict[str, Any]) -> None:
    identifier = body.get("id")
    if re.fullmatch(r"acct_[A-Za-z0-9_]{1,60}", str(identifier)) is None:
        raise _SwitchError("An account has an id of the shape acct_ and letters or digits.")
    world.table("stripe.accounts")[str(identifier)] = {"id": identifier}


def _authentication(world: World, body: dict[str, Any]) -> None:
    intent, passed = body.get("intent"), body.get("passed")
    if not isinstance(intent, str) or not isinstance(passed, bool):
        raise _SwitchError("An authentication has the id of an intent, and passed: true or false.")
    if not answer_challenge(world, intent, passed=passed):
        raise _SwitchError("No intent of this id waits for an authentication.")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
