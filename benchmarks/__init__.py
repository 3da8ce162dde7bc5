"""Measures forwardc beside a floor on the same machine. Never imported by the package."""
