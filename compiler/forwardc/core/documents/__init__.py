"""Files of ours as typed data: plans, the lock, the manifest.

`part.py` says what an object of such a file is, `reading.py` reads one and refuses what its class
does not say, `writing.py` gives its JSON. Start at `part.py`.
"""
