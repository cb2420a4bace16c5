#!/usr/bin/env bash
# Runs the checks of .clang-tidy over the sources of the modules, as they are compiled in BUILD_DIR.
set -euo pipefail
run-clang-tidy -quiet -p "$1" -j "$(nproc)" '/(core|service|launcher|wsgi|rpc)/src/.*\.cpp$' \
  2>/dev/null | grep -vE '^(clang-tidy|$)' | awk '!seen[$0]++'
exit "${PIPESTATUS[0]}"
