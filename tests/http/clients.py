"""Published HTTP clients against the catalog host: each in its own manner follows the 303, stops at it, and asks again.

usage: clients.py <catalog-host>     with a Python that has requests, httpx, urllib3 and aiohttp

A client of clients/ is called with the host's URL, that of a completed task and that of a failed one. It prints
  created    the status and Location of its POST of an install
  followed   the status and URL that it came to from the completed task, and the status in the body
  stopped    the status and Location of the completed task itself, and the status in the body
  unchanged  the status of the failed task, asked again with its ETag
  continued  the statuses of a POST with "Expect: 100-continue", from clients that can do so
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

from host import Host

HERE = pathlib.Path(__file__).parent / "clients"
CLIENTS = {
    "curl": ["bash", HERE / "curl.sh"],
    "wget": ["bash", HERE / "wget.sh"],
    "requests": [sys.executable, HERE / "requests_client.py"],
    "httpx": [sys.executable, HERE / "httpx_client.py"],
    "urllib3": [sys.executable, HERE / "urllib3_client.py"],
    "urllib": [sys.executable, HERE / "urllib_client.py"],
    "aiohttp": [sys.executable, HERE / "aiohttp_client.py"],
    "Go": ["go", "run", HERE / "client.go"],
    "Node fetch": ["node", HERE / "fetch.mjs"],
    "undici": ["node", HERE / "undici.cjs"],
    "axios": ["node", HERE / "axios.cjs"],
}
BODILESS = {"wget"}  # does not show the body of what it does not follow
CONTINUING = {"curl", "aiohttp", "Go", "Java"}
# A JDK is large; its client is used where there is one.
if shutil.which("javac"):
    CLIENTS["Java"] = ["java", HERE / "Client.java"]
# Where Debian keeps the modules of Node.
ENVIRONMENT = {**os.environ, "NODE_PATH": "/usr/share/nodejs", "GO111MODULE": "off", "CGO_ENABLED": "0"}


def expected(name, host, install):
    wanted = {
        "created": r"202 /zones/z/catalog_tasks/[0-9a-f-]{36}",
        "followed": rf"200 {re.escape(host.url + install)} active",
        "stopped": rf"303 {re.escape(install)}" + (" completed" if name not in BODILESS else ""),
        "unchanged": "304",
    }
    return wanted | ({"continued": "100 202"} if name in CONTINUING else {})


def attempt(name, host, completed, failed, install):
    """What is wrong; None if nothing is."""
    command = [*CLIENTS[name], host.url, host.url + completed, host.url + failed]
    ended = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120)
    if ended.returncode:
        return f"exit code {ended.returncode}: {ended.stdout}{ended.stderr}"
    seen = dict(line.split(" ", 1) for line in ended.stdout.splitlines())
    wanted = expected(name, host, install)
    if set(seen) == set(wanted) and all(re.fullmatch(wanted[step], seen[step]) for step in wanted):
        return None
    return f"{seen}\n  instead of {wanted}"


def finished(host, package, status):
    """The URLs of a task that has ended so, and of its install."""
    task = host.call("POST", "/zones/first/installs", {"package_id": package})
    url = task.header("Location")
    host.until(url, lambda answer: answer.json()["status"] == status)
    return url, f"/zones/first/installs/{task.json()['install_id']}"


def main():
    with Host(sys.argv[1], "--pickup-time-ms", "0", "--install-time-ms", "0") as host:
        completed, install = finished(host, "pkg_1", "completed")
        failed, _ = finished(host, "pkg_broken", "failed")
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            faults = list(threads.map(lambda name: attempt(name, host, completed, failed, install), CLIENTS))
        for name, fault in zip(CLIENTS, faults):
            print(f"{name}: {fault or 'ok'}")
        # Nobody has sent a POST twice, or not at all.
        counted = host.call("GET", "/zones/z/installs?expand[]=total_count").json()["pagination"]["total_count"]
        posts = sum(1 + (name in CONTINUING) for name in CLIENTS)
        failed_count = sum(fault is not None for fault in faults) + (counted != posts)
        if counted != posts:
            print(f"{counted} installs of {posts} POSTs")
        host.stop()
    print(f"{len(CLIENTS) + 1 - failed_count} passed, {failed_count} failed")
    return failed_count > 0


if __name__ == "__main__":
    sys.exit(main())
