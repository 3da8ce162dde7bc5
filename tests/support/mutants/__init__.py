"""Mutation testing: small mistakes in a copy of our code, which the nearest tests must see."""
