"""Card tokens of a destination: what its callbacks tell of them, and how that adds up."""
