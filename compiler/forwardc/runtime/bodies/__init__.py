"""Reads the bodies of answers as the world writes them: bytes, text, JSON, XML, forms, pages."""
