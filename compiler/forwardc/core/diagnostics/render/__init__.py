"""The forms in which diagnostics are shown, one module each."""
