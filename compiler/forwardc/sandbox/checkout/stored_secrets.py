"""/secrets: values that requests may name and nobody can read back.

Source: SDK-java SecretResponse, SDK-node, SDK-go (no id, no value, a version); names of letters,
digits and underscore as all SDKs say, hyphens as older documents show with a laxness only.
"""

import re
from typing import Any

from forwardc.sandbox.checkout import vault_tables as tables
from forwardc.sandbox.checkout.clients import CheckoutAccount, utc_offset
from forwardc.sandbox.checkout.request_checks import (
    MemberRule,
    RequestFaults,
    check,
    invalid,
    not_found,
)

TABLE = "checkout.secrets"


def create_secret(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Store a secret. Returns the answer of 201; raises `CheckoutError`."""
    name = body.get("name")
    hyphens = (
        isinstance(name, str)
        and "-" in name
        and re.fullmatch(tables.NAME_WITH_HYPHENS, name)
        and account.lets("checkout_secret_hyphens", "name")
    )
    _check(body | {"name": str(name).replace("-", "_")} if hyphens else body, tables.SECRET)
    value, entity = body["value"], body.get("entity_id")
    if name in _rows(account):
        # Not documented: 409 and 422 are both possible. See docs/sandbox.md.
        raise invalid("secret_name_already_exists", at="name")
    now = utc_offset(account.now())
    row = {"name": name, "value": value, "created_at": now, "updated_at": now, "version": 1}
    _rows(account)[str(name)] = {**row, **({"entity_id": entity} if entity else {})}
    return _shown(_rows(account)[str(name)])


def list_secrets(account: CheckoutAccount) -> dict[str, Any]:
    """All secrets' metadata."""
    return {"data": [_shown(row) for row in _rows(account).values()]}


def update_secret(account: CheckoutAccount, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a secret a new value or entity; its version rises by one. Raises `CheckoutError`."""
    row = _find(account, name)
    _check(body, tables.SECRET_CHANGE)
    value, entity = body.get("value"), body.get("entity_id")
    if value is None and entity is None:
        raise invalid("value_or_entity_id_required")
    changes = {"value": value, "entity_id": entity}
    row.update({member: text for member, text in changes.items() if text is not None})
    row["version"] += 1
    row["updated_at"] = utc_offset(account.now())
    return _shown(row)


def delete_secret(account: CheckoutAccount, name: str) -> None:
    """Forget a secret. Raises `CheckoutError` (404)."""
    _find(account, name)
    del _rows(account)[name]


def value_of(account: CheckoutAccount, name: str) -> str | None:
    """A secret's value for a request of this account, or None: another entity's is not seen."""
    row = _rows(account).get(name)
    entity = account.client.entity_id
    if row is None or row.get("entity_id", entity) != entity:
        return None
    return str(row["value"])


def _rows(account: CheckoutAccount) -> dict[str, Any]:
    """The secrets of one environment: a live account has its own."""
    return account.table(f"{TABLE}.live" if account.live else TABLE)


def _find(account: CheckoutAccount, name: str) -> dict[str, Any]:
    row: dict[str, Any] | None = _rows(account).get(name)
    if row is None:
        raise not_found("secret_not_found")
    return row


def _check(body: dict[str, Any], rules: tuple[MemberRule, ...]) -> None:
    faults = RequestFaults()
    check(faults, body, rules)
    value = body.get("value")
    if isinstance(value, str) and len(value.encode()) > tables.SECRET_BYTES:
        faults.add("value", "too_long")
    if isinstance(value, str) and not value.strip():
        faults.by_path["value"] = ("value_required",)
    faults.stop()


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: member for name, member in row.items() if name != "value"}
