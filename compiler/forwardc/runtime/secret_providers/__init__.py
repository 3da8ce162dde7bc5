"""Where the values of secrets come from: one file for each kind of source. They know no plan."""
