"""client URL COMPLETED FAILED: see clients.py"""

import sys

import urllib3

url, completed, failed = sys.argv[1:]
pool = urllib3.PoolManager(timeout=30, retries=urllib3.Retry(2, allowed_methods=None))
created = pool.request("POST", f"{url}/zones/z/installs", json={"package_id": "urllib3"})
print("created", created.status, created.headers["Location"])
followed = pool.request("GET", completed)
print("followed", followed.status, url.split("/zones")[0] + followed.geturl(), followed.json()["status"])
stopped = pool.request("GET", completed, redirect=False)
print("stopped", stopped.status, stopped.headers["Location"], stopped.json()["status"])
etag = pool.request("GET", failed).headers["ETag"]
print("unchanged", pool.request("GET", failed, headers={"If-None-Match": etag}).status)
