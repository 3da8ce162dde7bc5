"""Executes compiled plans: all that it needs to know of a vault is data in them."""
