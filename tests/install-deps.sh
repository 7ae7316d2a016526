#!/usr/bin/env bash
# Installs what a bare Debian 12 lacks, as root or with sudo. Does nothing when all is there.
#   tests/install-deps.sh          everything that `tests/run all` needs
#   tests/install-deps.sh first    only what `tests/run` needs
#   tests/install-deps.sh build    only what building the library and the examples needs
set -euo pipefail

build=(g++ cmake ninja-build pkg-config binutils libsqlite3-dev sqlite3 libboost1.81-dev libspdlog-dev libfmt-dev
  libxxhash-dev curl ca-certificates)
first=("${build[@]}" libboost-test1.81-dev git ccache strace util-linux procps libbenchmark-dev libfaketime libsqlcipher0)
all=("${first[@]}" clang-14 clang-format-14 clang-tidy-14 llvm-14 libclang-rt-14-dev doxygen python3-clang-14 valgrind spin
  wget nodejs node-axios node-undici)

case ${1:-all} in
  build) wanted=("${build[@]}") ;;
  first) wanted=("${first[@]}") ;;
  *) wanted=("${all[@]}") ;;
esac

missing=()
installed=$(dpkg-query -W -f='${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')
for package in "${wanted[@]}"; do
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done

# Languages are kept as they are if they are new enough, wherever they came from.
python_fits() {
  python3 - <<'PY' 2>/dev/null
import ensurepip, os, sys, sysconfig, venv
sys.exit(sys.version_info < (3, 9) or not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))
PY
}
go_fits() {
  local version
  version=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 19 ]
}
if [ "${1:-}" != build ]; then
  python_fits || missing+=(python3 python3-venv python3-dev)
  go_fits || missing+=(golang-go)
fi

[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "This is no Debian; please install what corresponds to: ${missing[*]}" >&2
  exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
echo "Installing: ${missing[*]}"
"${root[@]}" apt-get -qq update
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "${missing[@]}"
