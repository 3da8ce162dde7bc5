"""The sandbox's Stripe account: its settings, keys, permissions and API versions.

Keys are never stored or shown: only registered restricted keys stand in the state, and messages
carry the last four characters. The versions are those that stripe-python has pinned since
2022-11-15, from its change log, and two of Stripe's own change log (2026-07-29, 2026-08-26); before
that the API answers in shapes that are not emulated.
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from forwardc.sandbox.credentials import secret
from forwardc.sandbox.project import CredentialHolder, MadeUpCredential
from forwardc.sandbox.stripe.currencies import TAKEN
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.made_up_keys import stripe_destination_key, stripe_secret_key
from forwardc.sandbox.world import World

OLDEST: Final = "2022-11-15"
KNOWN: Final = frozenset(
    """
    2022-11-15 2023-08-16 2023-10-16 2024-04-10 2024-06-20
    2024-09-30.acacia 2024-10-28.acacia 2024-11-20.acacia 2024-12-18.acacia 2025-01-27.acacia
    2025-02-24.acacia
    2025-03-31.basil 2025-04-30.basil 2025-05-28.basil 2025-06-30.basil 2025-07-30.basil
    2025-08-27.basil
    2025-09-30.clover 2025-10-29.clover 2025-11-17.clover 2025-12-15.clover 2026-01-28.clover
    2026-02-25.clover
    2026-03-25.dahlia 2026-04-22.dahlia 2026-05-27.dahlia 2026-06-24.dahlia 2026-07-29.dahlia
    2026-08-26.dahlia
    2026-09-30.endive 2026-10-28.endive
    """.split()
)
CONNECTION_FAILED_402: Final = "2025-03-31"
"""From here a forwarding request that never reached its destination is answered with 402."""
ASYNC_CAPTURE: Final = "2024-04-10"
"""From here `capture_method` is `automatic_async` where a payment intent names none."""
DYNAMIC_METHODS: Final = "2023-08-16"
"""From here payment methods are dynamic where an intent names none."""


# --- Account

ACCOUNT = "acct_sandbox"
VERSION = "2026-09-30.endive"
_KEY = re.compile(r"(sk|rk)_(test|live)_([A-Za-z0-9]{16,255})")
_PUBLISHABLE = re.compile(r"pk_(test|live)_[A-Za-z0-9]{16,255}")
_HOST = "api.stripe.com"
_PLACE = "header authorization"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]{1,32})?")

SETTINGS: dict[str, Any] = {
    # The account may send raw card numbers to /v1/payment_methods.
    "raw_card_access": True,
    # How long a CVC is kept that nobody uses. Stripe says "a certain time"; 0 is for ever.
    "cvc_seconds": 0,
    # Vault and Forward is switched on for this account.
    "forwarding_active": True,
    # Confirming a setup intent leaves the CVC for forwarding: by arrangement with Stripe only.
    "setup_keeps_cvc": False,
    # "reference": the API reference's rule, an idempotency key with other parameters is refused,
    # and refused parameters are not kept. "guide": what the forwarding guide of May 2026 says of
    # forwarding requests, the older answer is replayed, validation errors included.
    "idempotency": "reference",
    # So many requests, from now on, are answered with 429.
    "rate_limited": 0,
    # What the account is paid out in, in small letters: minimum amounts count in it.
    "settlement_currency": "usd",
    # The version of requests that name none.
    "api_version": VERSION,
}

CHOICES: dict[str, frozenset[str]] = {
    "idempotency": frozenset({"reference", "guide"}),
    "settlement_currency": frozenset(TAKEN),
    "api_version": KNOWN,
}
"""The values of those settings that take only some."""


@dataclass(frozen=True, slots=True)
class StripeCaller:
    """Who asks: the mode of the key, its permissions (None: all), and for which account.

    `account` is the connected account of the Stripe-Account header; None is the key's own.
    """

    livemode: bool
    permissions: frozenset[str] | None
    shown: str
    account: str | None = None

    def need(self, permission: str) -> None:
        """Raise 403 where a restricted key lacks the permission."""
        if self.permissions is not None and permission not in self.permissions:
            raise invalid(
                f"The provided key '{self.shown}' does not have the required permissions for "
                f"this endpoint on account '{ACCOUNT}'. Having the 'rak_{permission}' permission "
                "would allow this request to continue.",
                status=403,
            )


def setting(world: World, name: str) -> Any:
    """The value of one of `SETTINGS`, or what the state says instead."""
    return world.table("stripe.settings").get(name, SETTINGS[name])


def authenticate(world: World, header: str | None) -> StripeCaller:
    """The caller of an Authorization header, Bearer or Basic. Raises 401."""
    if not header:
        raise invalid(
            "You did not provide an API key. Send it in the Authorization header, with Bearer "
            "or as the user name of Basic.",
            status=401,
        )
    key = _credential(header)
    if key in _of_destinations(world):
        live = key.startswith(("sk_live_", "rk_live_"))
        return StripeCaller(live, None, f"{'_'.join(key.split('_')[:-1])}_****{key[-4:]}")
    if _PUBLISHABLE.fullmatch(key) is not None:
        raise invalid(
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
            status=403,
        )
    match = _KEY.fullmatch(key)
    if match is None:
        raise _unknown_key(key)
    livemode = match[2] == "live"
    shown = f"{match[1]}_{match[2]}_****{key[-4:]}"
    if match[1] == "rk":
        row = world.table("stripe.restricted_keys").get(key)
        if row is None:
            raise _unknown_key(key)
        return StripeCaller(livemode, frozenset(row["permissions"]), shown)
    own = key == stripe_secret_key(live=livemode)
    if not own and not world.lets("stripe_any_key", "Authorization"):
        raise _unknown_key(key)
    return StripeCaller(livemode, None, shown)


def _of_destinations(world: World) -> tuple[str, ...]:
    """The made-up keys of destinations that call Stripe: by the project, or by their usual name."""
    usual = (stripe_destination_key(), secret("stripe", "stripe_api_key"))
    without = CredentialHolder(
        "stripe", {text: MadeUpCredential(text, frozenset({_PLACE})) for text in usual}
    )
    return tuple(key for holder in world.holders(_HOST, without) for key in holder.at(_PLACE))


def acting_for(world: World, caller: StripeCaller, header: str | None) -> StripeCaller:
    """The caller on behalf of a connected account. Raises 403 for one that is not connected."""
    if header is None:
        return caller
    if header not in world.table("stripe.accounts"):
        shown = header if re.fullmatch(r"acct_[A-Za-z0-9_]{1,60}", header) else "..."
        raise invalid(
            f"The provided key '{caller.shown}' does not have access to account '{shown}' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )
    return replace(caller, account=header)


def limit_rate(world: World) -> None:
    """Raise 429 as often as the switch `rate_limited` says."""
    left = setting(world, "rate_limited")
    if left > 0:
        world.table("stripe.settings")["rate_limited"] = left - 1
        raise StripeError(
            429,
            "invalid_request_error",
            "Request rate limit exceeded. You can learn more about rate limits here "
            "https://stripe.com/docs/rate-limits.",
            "rate_limit",
            retry=True,
        )


def _credential(header: str) -> str:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        raise _unknown_key("")
    try:
        user, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _unknown_key("") from None
    if password:
        raise _unknown_key(user)
    return user


def _unknown_key(key: str) -> StripeError:
    prefix = "_".join(key.split("_")[:2]) + "_" if _KEY.fullmatch(key) else ""
    tail = key[-4:] if prefix else ""
    return invalid(f"Invalid API Key provided: {prefix}****{tail}", status=401)


def version_of(world: World, header: str | None) -> str:
    """The API version of a request: its own, or the account's. Raises 400 for an unknown one."""
    if header is None:
        return str(setting(world, "api_version"))
    if header in KNOWN:
        return header
    if _VERSION.fullmatch(header) is None:
        raise invalid("Invalid Stripe API version")
    if world.lets("stripe_api_versions", "Stripe-Version"):
        return header
    if header[:10] < OLDEST:
        raise invalid(f"The sandbox does not emulate API versions before {OLDEST}: {header}")
    raise invalid(f"Invalid Stripe API version: {header}")


def since(version: str, release: str) -> bool:
    """Whether a version is `release` (its date) or later."""
    return version[:10] >= release[:10]
