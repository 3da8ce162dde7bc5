"""forwardc: a declarative configuration compiler for card forwarding."""

from forwardc.version import __version__

__all__ = ["__version__"]
