"""From a payment reference to the card at its vault, as the merchant's own data tells it."""
