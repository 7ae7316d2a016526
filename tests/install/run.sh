#!/usr/bin/env bash
# Builds and runs one foreign project against taskstate.
#   run.sh <project> <source dir> <build dir of taskstate> <work dir>
# Projects: install (makes <work dir>/prefix, which the others use), shared, static, static_from_c,
# add_subdirectory, pkg_config, pkg_config_static, own_libraries, symbols.
set -euo pipefail

project=$1 source=$2 build=$3 work=$4
here=$source/tests/install
prefix=$work/prefix
mkdir -p "$work"

fail() {
  echo "$*" >&2
  exit 1
}

# consume <directory> <cmake arguments...>: configures and builds a project, then runs each program of it
consume() {
  local name=$project directory=$1 program ran=0
  shift
  cmake -S "$here/$directory" -B "$work/$name" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@" >"$work/$name.log" 2>&1 &&
    cmake --build "$work/$name" -j2 >>"$work/$name.log" 2>&1 || {
    tail -40 "$work/$name.log" >&2
    fail "$name does not build"
  }
  for program in "$work/$name"/use_c* "$work/$name"/host; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    "$program" || fail "$(basename "$program") failed"
    ran=$((ran + 1))
  done
  [ $ran -gt 0 ] || fail "$name built no program"
}

pkg_config_dir() { dirname "$(find "$prefix" -name taskstate.pc)"; }

# The names that a library defines; "A" is the version node of a version script.
defined() { nm "$@" | awk 'NF >= 3 && $2 != "A" { print $3 }' | sed 's/@.*//' | sort -u; }

# only_tse <what> <symbols>: at least one symbol, and none that is not ours
only_tse() {
  local foreign
  [ -n "$2" ] || fail "$1 defines no symbol"
  foreign=$(grep -v '^tse_' <<<"$2" | head -5 || true)
  [ -z "$foreign" ] || fail "$1 shows more than tse_*: $foreign"
}

case $project in
  install)
    rm -rf "$work"
    cmake --install "$build" --prefix "$prefix" >/dev/null
    ;;
  shared | static)
    consume find_package -DCOMPONENT="$project" "-DLANGUAGES=C;CXX" -DCMAKE_PREFIX_PATH="$prefix"
    ;;
  static_from_c)
    consume find_package -DCOMPONENT=static -DLANGUAGES=C -DCMAKE_PREFIX_PATH="$prefix"
    ;;
  add_subdirectory)
    # Compiled like taskstate's own build, so that a compiler cache has most of it.
    consume add_subdirectory -DTASKSTATE_SOURCE_DIR="$source" -DCMAKE_BUILD_TYPE=RelWithDebInfo
    ;;
  own_libraries)
    consume own_libraries -DCMAKE_PREFIX_PATH="$prefix"
    ;;
  pkg_config)
    export PKG_CONFIG_PATH=$(pkg_config_dir)
    flags=$(pkg-config --cflags --libs taskstate)
    [[ $flags != *sqlite* && $flags != *stdc++* ]] || fail "a shared link names the library's own needs: $flags"
    # shellcheck disable=SC2086
    gcc -std=c99 -pedantic -Wall -Werror "$here/main.c" $flags -o "$work/pkg_config"
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir taskstate) "$work/pkg_config"
    readelf -d "$work/pkg_config" | grep -q 'NEEDED.*libtaskstate\.so\.0' || fail "not linked by its soname"
    ;;
  pkg_config_static)
    export PKG_CONFIG_PATH=$(pkg_config_dir)
    # shellcheck disable=SC2046
    gcc -std=c99 -static "$here/main.c" $(pkg-config --static --cflags --libs taskstate) -o "$work/pkg_config_static" \
      2>"$work/pkg_config_static.log" || {
      cat "$work/pkg_config_static.log" >&2
      fail "does not link statically"
    }
    "$work/pkg_config_static"
    ;;
  symbols)
    only_tse libtaskstate.so "$(defined -D --defined-only "$(find "$prefix" -name libtaskstate.so)")"
    only_tse libtaskstate.a "$(defined -g --defined-only "$(find "$prefix" -name libtaskstate.a)")"
    needed=$(readelf -d "$(find "$prefix" -name libtaskstate.so)" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
    extra=$(grep -vE '^(libsqlite3\.so\.0|libstdc\+\+\.so\.6|libgcc_s\.so\.1|libc\.so\.6|libm\.so\.6|ld-linux.*)$' <<<"$needed" || true)
    [ -z "$extra" ] || fail "libtaskstate.so needs more than it promises: $extra"
    ;;
  *) fail "no such project: $project" ;;
esac
