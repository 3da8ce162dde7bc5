"""All rows of Checkout.com's calls, in the order of the page."""

from clients.case import Table
from clients.checkout_forward import CASES as FORWARD
from clients.checkout_payments import CASES as PAYMENTS
from clients.checkout_vault import CASES as VAULT

CASES = Table((*VAULT, *FORWARD, *PAYMENTS))
