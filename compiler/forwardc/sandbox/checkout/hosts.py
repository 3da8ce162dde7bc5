"""The hosts at which Checkout.com answers."""

# A name of Checkout.com that has no service is nobody's: it must not become the echo's.
HOSTS = ("*.checkout.com",)
