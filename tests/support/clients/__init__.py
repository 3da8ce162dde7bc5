"""The vendors' own clients as judges of the sandbox: how each is called, and what is expected."""
