"""The program with holes: terms, their values, the evaluator and the writers that escape."""
