"""The signatures that destinations check, each recomputed from the bytes that arrived."""
