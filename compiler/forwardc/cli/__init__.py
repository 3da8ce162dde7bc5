"""The command line: a file for each command, or a folder where one has several.

What a command works with is imported when it is called, inside its functions: so `--help`, options
and mistakes in them wait for click only, and a machine without the packages of the server has
the commands that need none of them.
"""
