"""When to send again, when to stop sending. Pure: no network, no database."""
