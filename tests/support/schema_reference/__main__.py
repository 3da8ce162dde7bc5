"""`python -m schema_reference ROOT` writes the pages of the reference, and prints what changed."""

import sys
from pathlib import Path

from schema_reference.pages import ReferenceGapError, write

try:
    sys.stdout.write("".join(f"{path}\n" for path in write(Path(sys.argv[1]))))
except ReferenceGapError as lacking:
    sys.exit(str(lacking))
