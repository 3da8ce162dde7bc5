"""Reads and writes files: those of a checkout, which nobody trusts, and those that people name."""
