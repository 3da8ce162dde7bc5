"""Reads and hashes what a build of a project is made from: `read_and_hash.py FOLDER`.

The least that any tool does which trusts no time of a file. Imports nothing of forwardc.
"""

import sys
from hashlib import sha256
from pathlib import Path


def main(root: Path) -> None:
    """Print one digest for all inputs."""
    total = sha256()
    for path in (root / "forwardc.yaml", *sorted((root / "destinations").glob("*.yaml"))):
        total.update(sha256(path.read_bytes()).digest())
    sys.stdout.write(f"{total.hexdigest()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
