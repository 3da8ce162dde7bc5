"""The runtime starts without a compiler, and without libraries that most runs do not use."""

import subprocess
import sys

LATE = ("yaml", "jsonschema", "jsonschema_rs", "jwcrypto", "jinja2", "starlette")
OURS = ("language", "passes", "vaults", "review", "sandbox", "compile", "cli")


def test_what_a_run_imports() -> None:
    code = "import sys, forwardc.runtime.run.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "forwardc.runtime.http.send" in loaded
    assert not loaded & {*LATE, *(f"forwardc.{room}" for room in OURS)}
