"""client URL COMPLETED FAILED: see clients.py"""

import json
import sys
import urllib.error
import urllib.request


class Stop(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(address, opener=urllib.request.build_opener(), **more):
    try:
        return opener.open(urllib.request.Request(address, **more), timeout=30)
    except urllib.error.HTTPError as error:
        return error


url, completed, failed = sys.argv[1:]
created = ask(f"{url}/zones/z/installs", data=b'{"package_id":"urllib"}', headers={"Content-Type": "application/json"})
print("created", created.status, created.headers["Location"])
followed = ask(completed)
print("followed", followed.status, followed.url, json.load(followed)["status"])
stopped = ask(completed, urllib.request.build_opener(Stop))
print("stopped", stopped.status, stopped.headers["Location"], json.load(stopped)["status"])
etag = ask(failed).headers["ETag"]
print("unchanged", ask(failed, headers={"If-None-Match": etag}).status)
