"""The layout that `forwardc fmt` gives a YAML file: spaces and line ends, never a value."""
