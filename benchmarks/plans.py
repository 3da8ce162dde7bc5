"""Plans and nothing else: what the runtime needs of a build, without pages, letters and coverage.

Run as a script with the project's folder; writes below `plans/` there. It is `forwardc build` with
fewer writers, as one process from the start of the interpreter to its end.
"""

import gc
import sys
from pathlib import Path

from forwardc.compile.pipeline import compile_project
from forwardc.compile.review.packet import review_packets
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.separation import shipped


def main(root: Path) -> None:
    """Compile the project, and write the plan of each destination, vault and environment."""
    sink = Sink()
    compiled = compile_project(root, sink)
    if sink.has_errors or compiled.loaded.project is None:
        raise SystemExit("the project does not compile")
    project, hosts = compiled.loaded.project, shipped() | compiled.live_hosts
    for trees in compiled.trees:
        if trees.read.destination is None:
            continue
        packets, _ = review_packets(trees.assessments, trees.read.destination, project, hosts)
        for packet in packets:
            path = root / "plans" / packet.folder / f"{packet.program.place}.plan.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(to_bytes(packet.plan))


if __name__ == "__main__":
    # As `forwardc build` does: nothing is in a cycle, and there is much of it.
    gc.disable()
    main(Path(sys.argv[1]))
