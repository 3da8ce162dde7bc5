"""Callbacks of destinations: verified, stored, then answered."""
