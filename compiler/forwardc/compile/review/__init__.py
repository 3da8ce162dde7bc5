"""The files a PSP reviewer reads: setup, coverage, production configs."""
