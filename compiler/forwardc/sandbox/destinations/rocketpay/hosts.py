"""The host at which Rocketpay's Gate answers."""

HOST = "api.rocketpay.kz"
HOSTS = (HOST,)
