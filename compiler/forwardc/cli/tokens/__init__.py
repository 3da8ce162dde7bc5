"""`forwardc tokens`: the card tokens of a destination."""
