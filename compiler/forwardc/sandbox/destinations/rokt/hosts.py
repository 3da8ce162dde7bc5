"""The hosts of the stand-in for Rokt, which are nobody's."""

HOSTS = ("rokt.example", "*.rokt.example")
