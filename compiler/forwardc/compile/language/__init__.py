"""The source language: YAML with positions, schema, expressions, the typed Destination."""
