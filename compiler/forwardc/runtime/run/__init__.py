"""One run, from the values that are given to it to its outcome."""
