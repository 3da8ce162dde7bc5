"""Mistakes of the user: codes, spans, the sink, renderers, and the secret and card scan."""
