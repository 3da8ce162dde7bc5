"""The intermediate representation: the checked program that every vault compiles from."""
