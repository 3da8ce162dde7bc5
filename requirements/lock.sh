#!/bin/sh
# Renews requirements/dev.txt from pyproject.toml, with the hash of every file of each release, so
# that one lock serves all platforms. With package names, renews those and keeps the others.
set -eu
cd "$(dirname "$0")/.."

upgrade=--upgrade
if [ "$#" -gt 0 ]; then
  upgrade=
  for name in "$@"; do upgrade="$upgrade --upgrade-package $name"; done
fi

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
.venv/bin/python -m venv "$tools"
"$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'uv>=0.5,<1'
# shellcheck disable=SC2086  # the options are words
"$tools/bin/uv" pip compile pyproject.toml --group dev --quiet $upgrade \
  --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate \
  --custom-compile-command requirements/lock.sh --output-file requirements/dev.txt
