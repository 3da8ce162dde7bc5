"""What every wing shares, and nothing else: diagnostics, terms, safe file reading, the card recogniser."""
