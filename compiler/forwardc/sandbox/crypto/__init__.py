"""Signatures and encryption as the vendors document them, for the parties of the sandbox."""
