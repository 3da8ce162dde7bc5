"""The rules of safety and sense, one a file. A rule knows the program, and no vault."""
