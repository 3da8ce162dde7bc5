"""Emulated Stripe: the Vault and Forward API, and payments as a destination of other vaults."""
