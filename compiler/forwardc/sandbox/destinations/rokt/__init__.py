"""The stand-in for Rokt's card endpoint."""
