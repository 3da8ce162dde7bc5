"""What is done about a request whose end nobody knows."""
