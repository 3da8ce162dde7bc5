"""What every wing shares, and nothing else: diagnostics, terms, files, the recogniser of cards."""
