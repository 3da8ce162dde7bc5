"""Rocketpay Gate beyond its requests: card tokens, signed callbacks, and the runs they resolve."""
