"""Destinations of the sandbox: one module for each, and a recorder for every other host."""
