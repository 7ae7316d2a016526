#!/usr/bin/env bash
# client URL COMPLETED FAILED: see clients.py
set -uo pipefail
out=$(mktemp) && trap 'rm -f "$out" "$out.head"' EXIT
request() { wget -T 30 -t 1 -S -O "$out" --content-on-error "$@" 2>"$out.head"; }
status() { sed -n 's/^ *HTTP[^ ]* \([0-9]*\).*/\1/p' "$out.head" | tail -1; }
header() { sed -n "s/^ *$1: *\([^ \r]*\).*/\1/p" "$out.head" | tail -1; }
field() { sed -n "s/.*\"status\":\"\([^\"]*\)\".*/\1/p" "$out"; }

request --header 'Content-Type: application/json' --post-data '{"package_id":"wget"}' "$1/zones/z/installs"
echo "created $(status) $(header Location)"
request "$2"
echo "followed $(status) ${1%%/zones*}$(header Location) $(field)"
request --max-redirect=0 "$2"
echo "stopped $(status) $(header Location)"
request "$3"
request --header "If-None-Match: $(header ETag)" "$3"
echo "unchanged $(status)"
