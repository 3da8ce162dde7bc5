"""The emulated Visa Token Service."""
