"""What happened: every run, before and after each send, in SQLite or PostgreSQL."""
