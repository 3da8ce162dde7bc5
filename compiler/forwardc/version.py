"""The version of forwardc, alone, so that nothing is imported to print it."""

__version__ = "0.1.0"
