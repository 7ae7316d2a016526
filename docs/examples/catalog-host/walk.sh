#!/usr/bin/env bash
# Walks the catalog host with curl: shows every exchange and checks it. Exits 1 on the first surprise.
#   walk.sh <catalog-host binary>
set -uo pipefail

server=${1:?usage: walk.sh <catalog-host binary>}
work=$(mktemp -d)
pid= worker=
trap '{ kill -9 $pid $worker; wait; } 2>/dev/null; rm -rf "$work"' EXIT

# ---- Functions -------------------------------------------------------------------------------------

surprise() {
  printf '\nSURPRISE: %s\n' "$*" >&2
  exit 1
}

heading() { printf '\n=== %s\n' "$*"; }

# A worker in a process of its own; leaves $worker.
start_worker() {
  : >"$work/worker-out"
  "$server" --worker-only --data "$work" --install-time-ms 2000 --lease-ms 1500 >"$work/worker-out" &
  worker=$!
  for _ in $(seq 100); do
    grep -q working "$work/worker-out" && return
    kill -0 "$worker" 2>/dev/null || surprise "the worker did not start"
    sleep 0.05
  done
  surprise "the worker does not work"
}

# start_server <more flags>: leaves $pid and $base.
start_server() {
  "$server" --port 0 --data "$work" --pickup-time-ms 1500 --install-time-ms 2000 --lease-ms 1500 "$@" >"$work/out" &
  pid=$!
  for _ in $(seq 100); do
    base=$(sed -n 's/^listening on //p' "$work/out")
    [ -n "$base" ] && return
    kill -0 "$pid" 2>/dev/null || surprise "the server did not start"
    sleep 0.05
  done
  surprise "the server does not listen"
}

# call <curl arguments>: shows the exchange; leaves $status, $body and the file $work/head.
call() {
  printf '\n$ curl -i'
  local word
  for word in "${@//"$base"/}"; do
    [[ $word =~ ^[A-Za-z0-9_./:=@-]+$ ]] && printf ' %s' "$word" || printf " '%s'" "$word"
  done
  printf '\n'
  : >"$work/body"
  status=$(curl -sS --max-time 10 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@") || surprise "curl failed"
  # With -I curl writes the headers where the body would go.
  [[ " $* " != *" -I "* ]] || : >"$work/body"
  body=$(cat "$work/body")
  sed 's/^/  /' "$work/head"
  [ -z "$body" ] || printf '  %s\n' "$body"
}

header() { sed -n "s/^$1: *\([^\r]*\).*/\1/Ip" "$work/head" | tail -1; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/body"; }

expect_status() { [ "$status" = "$1" ] || surprise "status $status instead of $1"; }
expect_header() {
  [[ $(header "$1") =~ ^$2$ ]] || surprise "$1 is '$(header "$1")', which is not $2"
}
expect_no_header() { [ -z "$(header "$1")" ] || surprise "there is a header $1"; }
expect_body() { [[ $body == *"$1"* ]] || surprise "the body lacks $1"; }
expect_no_body() { [ -z "$body" ] || surprise "there is a body"; }

# poll <url> <text>: asks, without showing it, until the body holds the text.
poll() {
  for _ in $(seq 200); do
    [[ $(curl -sS --max-time 10 "$1") == *"$2"* ]] && return
    sleep 0.05
  done
  surprise "$1 never showed $2"
}

# poll_while <url> <text> <text>: asks until the second text shows, and nothing but the first does before.
poll_while() {
  local seen
  for _ in $(seq 200); do
    seen=$(curl -sS --max-time 10 "$1")
    [[ $seen == *"$3"* ]] && return
    [[ $seen == *"$2"* ]] || surprise "$1 showed neither $2 nor $3: $seen"
    sleep 0.05
  done
  surprise "$1 never showed $3"
}

# create <json>: leaves $task_url, $task_id and $install_id.
create() {
  call -X POST "$base/zones/z1/installs" -d "$1"
  expect_status 202
  task_url=$base$(header Location)
  task_id=$(field id)
  install_id=$(field install_id)
}

request_id=182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e

# ---- The walk --------------------------------------------------------------------------------------

start_server

heading "Create an install: 202, and where to ask for the task"
call -X POST "$base/zones/z1/installs" -H "X-Client-Request-ID: $request_id" \
  -d '{"package_id": "pkg_1", "inputs": {"size": 3}, "version": 2}'
expect_status 202
expect_header Location '/zones/z1/catalog_tasks/[^/]+'
expect_header Retry-After '[0-9]+'
expect_header X-Client-Request-ID "$request_id"
expect_body '"status":"pending"'
expect_body '"package_version":2'
task_url=$base$(header Location)
task_id=$(field id)
install_id=$(field install_id)

heading "Its status while it waits: 200, pending"
call "$task_url"
expect_status 200
expect_header Content-Type application/json
expect_header Retry-After '[0-9]+'
expect_body '"status":"pending"'
etag=$(header ETag)

heading "Asked again with its ETag: 304, nothing new"
call "$task_url" -H "If-None-Match: \"other\"" -H "If-None-Match: $etag"
expect_status 304
expect_header ETag "$etag"
expect_no_header Content-Type
expect_no_body

heading "HEAD: the same headers, no body"
call -I "$task_url"
expect_status 200
expect_header ETag '".*"'
expect_header Content-Length '[1-9][0-9]*'

heading "The install meanwhile: pending"
call "$base/zones/z1/installs/$install_id"
expect_status 200
expect_body '"status":"pending"'
expect_body '"inputs":{"size":3}'

heading "Its status while it runs: 200, running"
poll "$task_url" '"status":"running"'
call "$task_url" -H "If-None-Match: $etag"
expect_status 200
expect_body '"status":"running"'

heading "Its status when it is done: 303 to the install"
poll "$task_url" '"status":"completed"'
call "$task_url"
expect_status 303
expect_header Location "/zones/z1/installs/$install_id"
expect_no_header Retry-After
expect_body '"status":"completed"'

heading "Followed, as clients do: the install"
call -L "$task_url"
expect_status 200
expect_body '"status":"active"'
expect_body "\"id\":\"$install_id\""

heading "A package that cannot be installed: the task fails, with a message for the client"
create '{"package_id": "pkg_broken"}'
poll "$task_url" '"status":"failed"'
call "$task_url"
expect_status 200
expect_no_header Retry-After
expect_body '"error_message":"The package could not be installed."'

heading "A delete that preserves an adopted entity: completed, with a warning"
create '{"package_id": "pkg_2", "inputs": {"adopted": true}}'
poll "$task_url" '"status":"completed"'
call -X DELETE "$base/zones/z1/installs/$install_id" -H "X-Client-Request-ID: $request_id"
expect_status 202
expect_body '"operation":"delete"'
task_url=$base$(header Location)

heading "The same delete again: the task that is already at it"
call -X DELETE "$base/zones/z1/installs/$install_id"
expect_status 202
expect_header Location "${task_url#"$base"}"
poll "$task_url" '"status":"completed"'
call "$task_url"
expect_status 303
expect_body '"warnings":[{"code":"conflict","details":[{"code":"conflict","field":"$.inputs.adopted","message":'
expect_body "\"path\":\"/zones/z1/installs/$install_id\",\"request_id\":\"$request_id\",\"status\":409,\"timestamp\":"
call -L "$task_url"
expect_status 200
expect_body '"status":"deleted"'
call -X DELETE "$base/zones/z1/installs/$install_id"
expect_status 409
expect_header x-should-retry false

heading "An unknown task: 404"
call "$base/zones/z1/catalog_tasks/nobody"
expect_status 404
expect_body '"code":"not_found"'

heading "A task of another zone: just as unknown"
call "$base/zones/z2/catalog_tasks/$task_id"
expect_status 404
expect_body '"code":"not_found"'

heading "A request id that is no UUID: 400"
call "$task_url" -H 'X-Client-Request-ID: 17'
expect_status 400
expect_body '"code":"validation_error"'
expect_body 'X-Client-Request-ID'

heading "A body that lacks its package: 400, with the field"
call -X POST "$base/zones/z1/installs" -d '{"inputs": 1}'
expect_status 400
expect_body '"field":"$.package_id"'
expect_body '"field":"$.inputs"'

heading "A package id that taskstate refuses: 400, and no install is left behind"
call -X POST "$base/zones/z9/installs" -d '{"package_id": ""}'
expect_status 400
expect_body '"field":"$.package_id"'
call "$base/zones/z9/installs"
expect_body '{"items":[],"pagination":{}}'

heading "A method that is not there: 405. A path that is not there: 404. A body that is too long: 413"
call -X PUT "$task_url"
expect_status 405
expect_header Allow 'DELETE, GET, HEAD'
call "$base/"
expect_status 404
head -c 100000 /dev/zero | tr '\0' ' ' >"$work/long"
call -X POST "$base/zones/z1/installs" --data-binary "@$work/long"
expect_status 413

heading "The installs, page by page"
call -g "$base/zones/z1/installs?limit=2&expand[]=total_count"
expect_status 200
expect_body '"total_count":3'
expect_body "\"id\":\"$install_id\""
after=$(field after_cursor)
call "$base/zones/z1/installs?limit=2&after=$after"
expect_body '"package_id":"pkg_1"'
[ -z "$(field after_cursor)" ] || surprise "a third page"
call "$base/zones/z1/installs?limit=2&before=$(field before_cursor)"
expect_body "\"id\":\"$install_id\""
call "$base/zones/z1/installs?limit=0"
expect_status 400

heading "Two requests on one connection"
connections=$(curl -sS -o /dev/null -o /dev/null -w '%{num_connects}' "$base/zones/z1/installs" "$base/zones/z1/installs")
[ "$connections" = 10 ] || surprise "the connection was not kept alive"
printf '  one connect for two requests\n'

heading "A task that waits is cancelled: it fails at once"
create '{"package_id": "pkg_3"}'
call -X DELETE "$task_url"
expect_status 200
expect_body '"status":"failed"'
expect_body '"error_message":"The task was cancelled."'
call -X DELETE "$task_url"
expect_status 200

heading "A task that runs is cancelled: its worker hears of it, and stops"
create '{"package_id": "pkg_3"}'
poll "$task_url" '"status":"running"'
call -X DELETE "$task_url"
expect_status 200
expect_body '"status":"running"'
poll_while "$task_url" '"status":"running"' '"status":"failed"'
call "$task_url"
expect_body '"error_message":"The installation was cancelled."'

heading "The server is killed while one task runs and one waits"
create '{"package_id": "pkg_3"}'
running_url=$task_url running_install=$install_id
poll "$running_url" '"status":"running"'
create '{"package_id": "pkg_4"}'
{ kill -9 "$pid" && wait "$pid"; } 2>/dev/null
printf '\n  killed with -9\n'

heading "Started again, both tasks are there"
old_base=$base
start_server
running_url=$base${running_url#"$old_base"} task_url=$base${task_url#"$old_base"}
call "$running_url"
expect_status 200
expect_body '"status":"running"'
call "$task_url"
expect_status 200
expect_body '"status":"pending"'

heading "And both get done"
poll "$running_url" '"status":"completed"'
poll "$task_url" '"status":"completed"'
call -L "$running_url"
expect_status 200
expect_body "\"id\":\"$running_install\""
expect_body '"status":"active"'
call "$task_url"
expect_status 303
expect_header Location "/zones/z1/installs/$install_id"

heading "A server that only serves, and a worker in a process of its own"
kill -TERM "$pid" && wait "$pid"
start_server --workers 0
start_worker
create '{"package_id": "pkg_5"}'
poll "$task_url" '"status":"running"'
call "$task_url"
expect_body '"status":"running"'

heading "The worker is killed: the client sees nothing of it"
{ kill -9 "$worker" && wait "$worker"; } 2>/dev/null
printf '\n  killed with -9\n'
call "$task_url"
expect_status 200
expect_body '"status":"running"'

heading "Another worker takes the task over, once the lease has run out"
start_worker
poll_while "$task_url" '"status":"running"' '"status":"completed"'
call "$task_url"
expect_status 303
expect_header Location "/zones/z1/installs/$install_id"
call -L "$task_url"
expect_body '"status":"active"'
kinds=$(sqlite3 "$work/tasks.db" "SELECT group_concat(kind || ' ' || attempt, ', ') FROM
  (SELECT kind, attempt FROM taskstate_events WHERE id = '$task_id' ORDER BY seq)")
printf '\n  its history: %s\n' "$kinds"
[ "$kinds" = "created 0, started 1, lost 1, started 2, completed 2" ] || surprise "another history"

heading "A worker that is asked to end gives its task back"
create '{"package_id": "pkg_6"}'
poll "$task_url" '"status":"running"'
kill -TERM "$worker"
wait "$worker" || surprise "the worker did not end well"
start_worker
poll_while "$task_url" '"status":"running"' '"status":"completed"'
kill -TERM "$worker"
wait "$worker" || surprise "the worker did not end well"
worker=

heading "SIGTERM: a clean end"
kill -TERM "$pid"
wait "$pid"
code=$?
pid=
[ "$code" = 0 ] || surprise "exit code $code"
[ ! -s "$work/tasks.db-wal" ] || surprise "the file is not whole by itself"
printf '  exit code 0, and tasks.db is whole by itself\n'

printf '\nEverything was as expected.\n'
