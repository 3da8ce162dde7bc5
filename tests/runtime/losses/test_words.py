"""What is advised after a loss helps at every vault."""

import pytest

from forwardc.runtime.run.result import cure


@pytest.mark.parametrize("part", ["line1", "city", "state", "postal_code", "country"])
def test_an_address_is_completed_only_where_a_vault_forwards_its_own(part: str) -> None:
    """Stripe keeps an address and forwards none: to complete it there changes nothing."""
    advice = cure([f"billing.{part}"])
    assert "where the vault keeps and forwards one, else give it with the payment" in advice
    assert advice == cure([f"billing.{part}", "billing.city"])
