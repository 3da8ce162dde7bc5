"""The questions of a vault's pages, and the answers that a project has to them."""
