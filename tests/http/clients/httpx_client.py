"""client URL COMPLETED FAILED: see clients.py"""

import sys

import httpx

url, completed, failed = sys.argv[1:]
with httpx.Client(timeout=30) as client:
    created = client.post(f"{url}/zones/z/installs", json={"package_id": "httpx"}, follow_redirects=True)
    print("created", created.status_code, created.headers["Location"])
    followed = client.get(completed, follow_redirects=True)
    print("followed", followed.status_code, followed.url, followed.json()["status"])
    stopped = client.get(completed)
    print("stopped", stopped.status_code, stopped.headers["Location"], stopped.json()["status"])
    etag = client.get(failed).headers["ETag"]
    print("unchanged", client.get(failed, headers={"If-None-Match": etag}).status_code)
