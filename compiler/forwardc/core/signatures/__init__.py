"""The named signature schemes that are computed outside of a vault, each a file."""
