// client URL COMPLETED FAILED: see clients.py
const [url, completed, failed] = process.argv.slice(2);
const headers = {"Content-Type": "application/json"};
const created = await fetch(`${url}/zones/z/installs`, {method: "POST", headers, body: '{"package_id":"fetch"}'});
console.log("created", created.status, created.headers.get("Location"));
const followed = await fetch(completed);
console.log("followed", followed.status, followed.url, (await followed.json()).status);
const stopped = await fetch(completed, {redirect: "manual"});
console.log("stopped", stopped.status, stopped.headers.get("Location"), (await stopped.json()).status);
const etag = (await fetch(failed)).headers.get("ETag");
console.log("unchanged", (await fetch(failed, {headers: {"If-None-Match": etag}})).status);
