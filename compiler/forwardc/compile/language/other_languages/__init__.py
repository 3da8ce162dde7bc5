"""What an author writes who comes from another language, and what says the same here."""
