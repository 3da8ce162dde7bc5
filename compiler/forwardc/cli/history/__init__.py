"""`forwardc history`: what became of runs."""
