"""The outcomes dashboard: pages rendered on the server, for every vault at once."""
