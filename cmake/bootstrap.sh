# shellcheck shell=bash disable=SC2034
# What ./quickstart and ./check ask of the machine; what is missing is named, with what to do.
# Sourced by both with `set -euo pipefail`, never run.

build_packages=(
  g++ cmake ninja-build pkg-config
  libboost1.81-dev libboost-context1.81-dev libboost-program-options1.81-dev
  nlohmann-json3-dev libfmt-dev libssl-dev libpcre2-dev zlib1g-dev libbz2-dev libcrypt-dev
  libyaml-dev libbrotli-dev liblzma-dev libzstd-dev libsqlite3-dev libpq-dev
)
test_packages=(
  doctest-dev curl procps openssl clang-format clang-tidy python3-routes python3-pastedeploy
  rabbitmq-server python3-oslo.messaging python3-brotli python3-zstandard postgresql
)

# fail WHAT [WHAT-TO-DO...]: one line that names the trouble, then a line for each way out.
fail() {
  printf '\n%s: %s\n' "${program:-thane}" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
  exit 1
}

say() { printf '== %s\n' "$*"; }

# need_disk MEGABYTES FOLDER
need_disk() {
  local free
  free=$(df -Pm "$2" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$1" ] || fail "disk full: $free MB free below $2, about $1 MB are needed" \
    "Make room there, or clone the repository onto a larger disk."
}

# missing_packages PACKAGE...: those that dpkg does not have installed, one a line.
missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      echo "$package"
  done
}

# Sets the array `as_root` to what makes a command run as root.
find_root() {
  as_root=()
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null ||
    fail "packages are missing, you are not root, and there is no sudo" \
      "As root, run:  apt-get install ${missing[*]}" "Then start $program again as yourself."
  sudo -n true 2>/dev/null || [ -t 0 ] ||
    fail "packages are missing, and sudo asks for a password but there is no terminal" \
      "Run:  sudo apt-get install ${missing[*]}" "Then start $program again."
  as_root=(sudo)
}

apt_get() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
    apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$apt_log" 2>&1
}

# install_packages PACKAGE...: by apt, and only what is missing.
install_packages() {
  [ -z "${THANE_NO_INSTALL:-}" ] || return 0
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail "there is no apt here; thane installs what it needs on Debian 12 only" \
      "Install what these packages hold, by the means of your system:" "$*" \
      "Then run:  THANE_NO_INSTALL=1 $program"
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  need_disk 1500 /usr
  find_root
  say "installing ${missing[*]}"
  apt_log=$(mktemp)
  trap 'rm -f "$apt_log"' EXIT
  apt_get update || true  # One broken third-party list must not stop us; what counts comes next.
  require_candidates "${missing[@]}"
  # --no-remove: never take a package away from the machine to make room for ours.
  apt_get install -y --no-install-recommends --no-remove "${missing[@]}" || {
    tail -n 15 "$apt_log" >&2
    fail "apt could not install: ${missing[*]}" "Its last words are above." \
      "Boost: Debian holds the headers of one release only; is libboost1.74-dev installed?" \
      "Network: is there a way to the mirrors in /etc/apt/?"
  }
}

# require_candidates PACKAGE...: apt knows where to get each of them.
require_candidates() {
  local package policy unknown=() name
  for package in "$@"; do
    policy=$(LC_ALL=C apt-cache policy "$package")
    [[ $policy =~ Candidate:\ [^\(] ]] || unknown+=("$package")
  done
  [ ${#unknown[@]} -gt 0 ] || return 0
  name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-an unknown system}")
  grep -E '^(W|E|Err)' "$apt_log" | head -n 5 >&2 || true
  fail "apt knows no source for: ${unknown[*]}" \
    "No network, or no mirror in /etc/apt/: then 'apt-get update' fails as well (see above)." \
    "Another release: thane is built for Debian 12; this is $name." \
    "With all of it installed by other means, run:  THANE_NO_INSTALL=1 $program"
}

# One compiler per CPU, but not more than the memory bears: the largest sources take 700 MB.
jobs_that_fit() {
  local cpus memory
  cpus=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 800000) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cpus < memory ? cpus : memory))
}

# quietly WHAT COMMAND...: shows the output as it comes on a terminal, else only if it fails.
quietly() {
  local what=$1 log status=0
  shift
  say "$what"
  if [ -t 1 ]; then
    "$@" || fail "$what failed (see above)"
    return 0
  fi
  mkdir -p build
  log=$(mktemp build/log.XXXXXX)
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 60 "$log" >&2
    fail "$what failed with status $status" "The whole output: $PWD/$log"
  fi
  rm -f "$log"
}

# configure PRESET [CMAKE-OPTION...]
configure() {
  local preset=$1 tool launcher=()
  shift
  ! command -v ccache >/dev/null || launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  for tool in cmake ninja c++; do
    command -v $tool >/dev/null ||
      fail "$tool is missing" "Its package is among: ${build_packages[*]}"
  done
  quietly "configuring build/$preset" cmake --preset "$preset" ${launcher[@]+"${launcher[@]}"} "$@"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  quietly "building build/$preset" \
    cmake --build "build/$preset" --parallel "$(jobs_that_fit)" ${1:+--target "$@"}
}
