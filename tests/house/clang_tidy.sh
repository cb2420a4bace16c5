#!/usr/bin/env bash
# Runs the checks of .clang-tidy over the sources of the modules, as they are compiled in BUILD_DIR.
set -uo pipefail
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
run-clang-tidy -quiet -p "$1" -j "$(nproc)" \
  '/(core|service|launcher|wsgi|run|rpc|servicegroup)/src/.*\.cpp$' \
  2>"$errors" | grep -vE 'clang-tidy[-0-9]* --use-color|^$' | awk '!seen[$0]++'
status=${PIPESTATUS[0]}
# Counts of warnings in system headers are all that belongs there.
[ "$status" -eq 0 ] || grep -vE 'warnings? generated|^Suppressed|^Use ' "$errors"
exit "$status"
