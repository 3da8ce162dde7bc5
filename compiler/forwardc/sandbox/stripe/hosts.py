"""The hosts at which Stripe answers."""

HOSTS = ("api.stripe.com",)
