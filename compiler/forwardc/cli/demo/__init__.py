"""`forwardc demo`: the whole path, from YAML to the answer of the sandbox."""
