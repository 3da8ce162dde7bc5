"""Renders `main.jsonnet` into one file for each of its members, since the binding has no command.

Run as a script by the Python that has rjsonnet, with the module and the folder to write into.
"""

import json
import sys
from pathlib import Path

import rjsonnet  # type: ignore[import-not-found]  # of another venv, that of the cache folder


def main(module: Path, target: Path) -> None:
    """Evaluate the module, and write each member as a file of JSON."""
    target.mkdir(exist_ok=True)
    for name, value in json.loads(rjsonnet.evaluate_file(str(module))).items():
        (target / name).write_text(json.dumps(value, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
