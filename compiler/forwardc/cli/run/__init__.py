"""`forwardc run`: a compiled operation, from what is typed to what is shown."""
