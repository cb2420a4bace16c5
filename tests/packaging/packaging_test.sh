#!/usr/bin/env bash
# Builds and runs the program of this folder against thane in each way a user may take it in.
#
#   packaging_test.sh SOURCE_DIR BUILD_DIR WORK_DIR      BUILD_DIR: a static build, built
set -euo pipefail
source_dir=$1 build_dir=$2 work_dir=$3
here=$source_dir/tests/packaging
compiler=${CXX:-c++}
rm -rf "$work_dir"
mkdir -p "$work_dir"

attempt() {
  local what=$1 log=$work_dir/log
  shift
  "$@" >"$log" 2>&1 || { echo "FAILED: $what"; cat "$log"; exit 1; }
  echo "ok: $what"
}

# A plain build without optimisation: what is tested here is the packaging.
configure() {
  cmake -S "$here" -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=None "${@:2}"
}

# take_in NAME CMAKE-OPTION...: configures, builds and runs the downstream project.
take_in() {
  local name=$1 folder=$work_dir/$2
  attempt "$name: configures" configure "$folder" "${@:3}"
  attempt "$name: builds" cmake --build "$folder"
  attempt "$name: runs" timeout 20 "$folder/downstream"
  attempt "$name: keeps records" env -C "$folder" timeout 20 ./records
}

# with_pkg_config NAME PREFIX [--static]
with_pkg_config() {
  local name=$1 prefix=$2 flags
  PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name thane.pc)")
  export PKG_CONFIG_PATH
  read -ra flags < <(pkg-config "${@:3}" --cflags --libs thane)
  attempt "$name: builds" "$compiler" -std=c++20 -o "$work_dir/plain" "$here/main.cpp" \
    "$here/routes.cpp" "${flags[@]}"
  attempt "$name: runs" env LD_LIBRARY_PATH="$PKG_CONFIG_PATH/.." timeout 20 "$work_dir/plain"
  if ldd "$work_dir/plain" | grep -E 'libpq|libsqlite'; then
    echo "FAILED: $name: who keeps no records is linked with databases"
    exit 1
  fi
  read -ra flags < <(pkg-config "${@:3}" --cflags --libs thane-servicegroup)
  attempt "$name: builds with records" "$compiler" -std=c++20 -o "$work_dir/records" \
    "$here/records.cpp" "${flags[@]}"
}

install_from() {
  attempt "installs to ${2##*/}" cmake --install "$1" --prefix "$2"
  # Nothing of how thane itself is built, and of where, may reach who uses it.
  if grep -rnE "Wall|Wconversion|fsanitize|thane_build|$source_dir|$build_dir" "$2" \
    --include='*.cmake' --include='*.pc'; then
    echo "FAILED: the lines above leak into ${2##*/}"
    exit 1
  fi
}

install_from "$build_dir" "$work_dir/static"
take_in "find_package, static" package "-DCMAKE_PREFIX_PATH=$work_dir/static"
with_pkg_config "pkg-config, static" "$work_dir/static"

# block LANGUAGE: the first code block of the tutorial in it.
block() {
  awk -v open="\`\`\`$1" '$0 == open { on = 1; next } /^```/ && on { exit } on' \
    "$source_dir/docs/tutorial.md"
}
tutorial=$work_dir/tutorial
mkdir "$tutorial"
block cmake >"$tutorial/CMakeLists.txt"
block cpp >"$tutorial/motd.cpp"
attempt "the tutorial's project: configures" cmake -S "$tutorial" -B "$tutorial/build" -G Ninja \
  "-DCMAKE_PREFIX_PATH=$work_dir/static"
attempt "the tutorial's project: builds" cmake --build "$tutorial/build"
attempt "the tutorial's project: runs" "$tutorial/build/motd" --check-config
with_pkg_config "pkg-config --static, static" "$work_dir/static" --static

# The second way keeps its build folder for the third: the library is compiled once for both.
take_in "add_subdirectory, shared" source -DHOW=subdirectory "-DTHANE_SOURCE=$source_dir" \
  -DBUILD_SHARED_LIBS=ON -DTHANE_INSTALL=ON -DTHANE_PRECOMPILE=ON -DTHANE_UNITY=modules
install_from "$work_dir/source" "$work_dir/shared"
take_in "FetchContent, shared" source -DHOW=fetch
take_in "find_package, shared" package "-DCMAKE_PREFIX_PATH=$work_dir/shared" \
  -Dthane_DIR="$(dirname "$(find "$work_dir/shared" -name thane-config.cmake)")"
with_pkg_config "pkg-config, shared" "$work_dir/shared"

# A second of CPU is what a downstream file may take to compile. A machine that is slow or busy
# makes every compilation slower: three times a file of standard headers alone is allowed as well.
printf '#include <%s>\n' string vector memory functional >"$work_dir/standard.cpp"
cpu_ms() {
  { TIMEFORMAT='%U %S' && time "$compiler" -std=c++20 "-I$work_dir/static/include" \
    -c -o "$work_dir/object.o" "$1"; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 }'
}
ours=1000000 standard=1000000  # The least of three.
for _ in 1 2 3; do
  now=$(cpu_ms "$here/main.cpp") && ours=$((now < ours ? now : ours))
  now=$(cpu_ms "$work_dir/standard.cpp") && standard=$((now < standard ? now : standard))
done
echo "CPU to compile a downstream file: $ours ms; with standard headers alone: $standard ms"
if ((ours >= 1000 && ours >= 3 * standard)); then
  echo "FAILED: that is more than a second; what do the public headers include?"
  exit 1
fi
rm -rf "$work_dir"
echo "thane can be taken in each way"
