"""The same job in Pkl and in Jsonnet: what they are given, and that they give the same."""
