#!/usr/bin/env bash
# Fails, and names the lines, if a source is not as clang-format would write it.
set -euo pipefail
cd "$1"
find core service launcher wsgi run rpc servicegroup examples tests bench -name '*.[ch]pp' -print0 |
  xargs -0 clang-format --dry-run -Werror
echo "formatted"
