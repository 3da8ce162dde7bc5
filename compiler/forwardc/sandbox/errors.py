"""The root of the sandbox's exceptions, its own: the sandbox judges the rest of the package.

An answer of a vendor that ends a request, and an event of the emulated network, are raised as well.
"""


class SandboxError(Exception):
    """Whatever the sandbox raises. A text of it names places and reasons, and holds no value."""
