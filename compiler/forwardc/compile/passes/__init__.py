"""From a Destination to the checked program: lower, fold, checks. Knows no vault by name."""
