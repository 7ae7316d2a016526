#!/usr/bin/env bash
# client URL COMPLETED FAILED: see clients.py
set -euo pipefail
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
out=$(mktemp) && trap 'rm -f "$out" "$out.head"' EXIT
request=(curl -sS --max-time 30 -o "$out")

echo "created $("${request[@]}" -w '%{http_code} %header{location}' "$1/zones/z/installs" --json '{"package_id":"curl"}')"
echo "followed $("${request[@]}" -L -w '%{http_code} %{url_effective}' "$2") $(field status <"$out")"
echo "stopped $("${request[@]}" -w '%{http_code} %header{location}' "$2") $(field status <"$out")"
etag=$("${request[@]}" -w '%header{etag}' "$3")
echo "unchanged $("${request[@]}" -w '%{http_code}' "$3" -H "If-None-Match: $etag")"
"${request[@]}" -D "$out.head" "$1/zones/z/installs" --json '{"package_id":"curl"}' -H 'Expect: 100-continue' \
  --expect100-timeout 60
echo "continued $(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$out.head" | paste -sd ' ')"
