"""Puts the server together from its settings, plans and stores."""
