"""Where values of secrets come from: a file for each kind of provider, and what a plan needs."""
