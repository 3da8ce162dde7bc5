"""The compiled requests of a destination: what the compiler writes, and all that a run reads."""
