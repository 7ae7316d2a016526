"""client URL COMPLETED FAILED: see clients.py"""

import sys

import requests

url, completed, failed = sys.argv[1:]
with requests.Session() as session:
    created = session.post(f"{url}/zones/z/installs", json={"package_id": "requests"}, timeout=30)
    print("created", created.status_code, created.headers["Location"])
    followed = session.get(completed, timeout=30)
    print("followed", followed.status_code, followed.url, followed.json()["status"])
    stopped = session.get(completed, allow_redirects=False, timeout=30)
    print("stopped", stopped.status_code, stopped.headers["Location"], stopped.json()["status"])
    etag = session.get(failed, timeout=30).headers["ETag"]
    print("unchanged", session.get(failed, headers={"If-None-Match": etag}, timeout=30).status_code)
