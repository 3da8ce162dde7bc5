"""All rows of Stripe's calls, in the order of the page."""

from clients.case import Table
from clients.stripe_access import CASES as ACCESS
from clients.stripe_forwarding import CASES as FORWARDING
from clients.stripe_payments import CASES as PAYMENTS
from clients.stripe_refunds import CASES as REFUNDS
from clients.stripe_vault import CASES as VAULT

CASES = Table((*ACCESS, *PAYMENTS, *REFUNDS, *VAULT, *FORWARDING))
