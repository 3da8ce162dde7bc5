"""Stripe Vault and Forward: a body with blanks, replacements, and headers in clear."""
