"""Recognises card numbers and credentials in any text, so that they are refused or masked."""
