"""OpenPGP keys of every kind, made and read by gpg, which shares no code with our library."""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime

# When keys are made, but for those of the past.
MADE = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Gpg:
    """gpg with a home of its own."""

    home: str

    def __call__(self, *arguments: str, given: bytes = b"", now: datetime = MADE) -> bytes:
        clock = f"{now:%Y%m%dT%H%M%S}!"
        done = subprocess.run(
            [
                *("gpg", "--batch", "--quiet", "--no-tty", "--passphrase", ""),
                *("--pinentry-mode", "loopback", "--faked-system-time", clock, *arguments),
            ],
            env={**os.environ, "GNUPGHOME": self.home},
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self, name: str, primary: str, usage: str, *subkeys: str, now: datetime = MADE) -> str:
        """Make a key with subkeys such as `rsa4096 encr never`. Returns its fingerprint."""
        self("--quick-generate-key", name, primary, usage, "never", now=now)
        fingerprint = self.fields(name, "fpr")[0][9]
        for subkey in subkeys:
            self("--quick-add-key", fingerprint, *subkey.split(), now=now)
        return fingerprint

    def fields(self, name: str, record: str) -> list[list[str]]:
        """The colon-separated records of one kind that gpg lists for a key."""
        lines = self("--list-keys", "--with-colons", name).decode().splitlines()
        return [line.split(":") for line in lines if line.split(":")[0] == record]

    def public(self, *names: str) -> bytes:
        return self("--export", "--armor", *names)


@dataclass(frozen=True)
class Made:
    """A key: its public part, its fingerprint, and the id of its last subkey."""

    public: bytes
    fingerprint: str
    key_id: str


def made(gpg: Gpg, name: str, fingerprint: str) -> Made:
    subkeys = gpg.fields(name, "sub")
    return Made(gpg.public(name), fingerprint, subkeys[-1][4] if subkeys else "")
