"""The hosts at which Acorn answers."""

HOSTS = ("api.acorn.example", "api.sandbox.acorn.example")
