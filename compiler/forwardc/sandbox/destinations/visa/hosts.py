"""The hosts at which Visa answers."""

HOSTS = ("cert.api.visa.com", "sandbox.api.visa.com", "api.visa.com")
