"""client URL COMPLETED FAILED: see clients.py"""

import asyncio
import sys

import aiohttp


async def main(url, completed, failed):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session:
        new = {"package_id": "aiohttp"}
        async with session.post(f"{url}/zones/z/installs", json=new) as created:
            print("created", created.status, created.headers["Location"])
        async with session.get(completed) as followed:
            print("followed", followed.status, followed.url, (await followed.json())["status"])
        async with session.get(completed, allow_redirects=False) as stopped:
            print("stopped", stopped.status, stopped.headers["Location"], (await stopped.json())["status"])
        async with session.get(failed) as known:
            etag = known.headers["ETag"]
        async with session.get(failed, headers={"If-None-Match": etag}) as unchanged:
            print("unchanged", unchanged.status)
        async with session.post(f"{url}/zones/z/installs", json=new, expect100=True) as continued:
            print("continued 100", continued.status)


asyncio.run(main(*sys.argv[1:]))
