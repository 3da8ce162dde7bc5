"""From a Destination to the checked program: lower, then the checks."""
