"""What a credential of a test and a live account looks like: how one is told from the other.

A shape is a pattern that a value begins with, searched in linear time. Knows no environment's
hosts, and no message holds a value.
"""

from forwardc.core.terms.patterns import begins
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.parts import Part


class Shape(Part):
    """How a credential begins in each class of environment; `production` may be left out."""

    sandbox: str
    production: str | None = None


def misfit(shape: Shape | None, class_: EnvironmentClass, value: str) -> str | None:
    """Why a value is none of this class, in words that do not hold it; None where it fits.

    It must begin as its own class says, and must not begin as the other one says.
    """
    if shape is None:
        return None
    shapes = {"sandbox": shape.sandbox, "production": shape.production}
    own, other = shapes.pop(class_), *shapes.values()
    if other is not None and begins(other, value):
        of = "sandbox" if class_ == "production" else "production"
        return f"begins as a credential of {of} does"
    if own is not None and not begins(own, value):
        return f"does not begin as a credential of {class_} does"
    return None
