#!/usr/bin/env bash
# pyproject.toml → requirements.lock: every package of run time and development, one version for
# all platforms and Pythons, with the hashes of all its files. No index address is written.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/python" -m pip install -q --disable-pip-version-check uv==0.13.9
"$tools/bin/uv" pip compile pyproject.toml --extra dev --quiet \
    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
    --output-file requirements.lock "$@"
