"""Checkout.com: one call with a template body; variables, JWE and signatures inside the vault."""
