"""One folder for each vault: facts, support, emit. Siblings never import each other."""
