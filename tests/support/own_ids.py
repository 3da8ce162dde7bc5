"""Account ids that look like a vault's, for tests of what only a merchant's own project may do."""

import shutil
from pathlib import Path
from typing import Final

from forwardc.cli.main import run

OWN_IDS: Final = {
    "acct_production": "acct_1QzTk3mWv7RbXn2L",
    "acct_sandbox": "acct_1PwTk8nVr4HcYq6D",
    "pc_production0000000000000000": "pc_qk7wz3mvr5xtn2bhgyd6ufap4e",
    "pc_sandbox0000000000000000000": "pc_h4tzr6mwk2vqx7ynb5dgfu3paj",
    "forwardcdemo": "vkuhvk4v",
}


def with_own_ids(text: str) -> str:
    """A `forwardc.yaml` of forwardc's own with ids of another form than those for trying out."""
    for demo, own in OWN_IDS.items():
        text = text.replace(demo, own)
    return text


def write_own_ids(project: Path) -> None:
    """Put such ids into the `forwardc.yaml` of a folder."""
    path = project / "forwardc.yaml"
    path.write_text(with_own_ids(path.read_text("utf-8")), encoding="utf-8")


def build_own(root: Path, folder: Path) -> None:
    """Build a copy of the checkout's project in a folder, with such ids."""
    shutil.copytree(root / "destinations", folder / "destinations")
    shutil.copy(root / "forwardc.yaml", folder)
    write_own_ids(folder)
    assert run(("build", "--project", str(folder))) == 0
