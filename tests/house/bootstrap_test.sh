#!/usr/bin/env bash
# Each thing a machine may lack is named by ./quickstart, with what to do. The machine is a PATH of
# our own making: the few tools that the script may count on, and stand-ins for the rest.
set -euo pipefail
source_dir=$1
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
for tool in bash awk cat dirname env grep head mkdir mktemp nproc rm tail tr; do
  ln -s "$(command -v $tool)" "$tools/$tool"
done

# stand_in TOOL SHELL-CODE
stand_in() { printf '#!/bin/bash\n%s\n' "$2" >"$tools/$1" && chmod +x "$tools/$1"; }

# expect SENTENCE: quickstart fails with it, and adds a line on what to do.
expect() {
  local output
  if output=$(PATH=$tools "$source_dir/quickstart" --build-only 2>&1 </dev/null); then
    echo "FAILED: quickstart went on without: $1" && exit 1
  fi
  if [[ $output != *"./quickstart: $1"*$'\n    '* ]]; then
    printf 'FAILED: expected "%s", got:\n%s\n' "$1" "$output" && exit 1
  fi
  echo "ok: $1"
}

stand_in df 'printf "Filesystem\nx 1 1 20 1 /\n"'
expect "disk full: 20 MB free"
stand_in df 'printf "Filesystem\nx 1 1 99999 1 /\n"'

expect "there is no apt here"
stand_in dpkg-query 'exit 1'
stand_in apt-get 'echo "E: Could not resolve the mirror"; exit 100'
stand_in apt-cache 'echo "  Candidate: (none)"'

stand_in id 'echo 1000'
expect "packages are missing, you are not root, and there is no sudo"
stand_in sudo 'exit 1'
expect "packages are missing, and sudo asks for a password but there is no terminal"

stand_in id 'echo 0'
expect "apt knows no source for: g++ cmake"
stand_in apt-cache 'echo "  Candidate: 1.0"'
expect "apt could not install: g++ cmake"

stand_in dpkg-query 'echo installed'
expect "cmake is missing"
echo "what is missing is named"
