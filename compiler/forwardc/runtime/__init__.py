"""Executes compiled plans. Knows no YAML and no compiler."""
