"""The program with holes: all that compiler and runtime share. Knows no YAML and no vendor."""
