// client URL COMPLETED FAILED: see clients.py
const {request} = require("undici");

async function main(url, completed, failed) {
  const body = '{"package_id":"undici"}';
  const created = await request(`${url}/zones/z/installs`, {method: "POST", body, maxRedirections: 2});
  console.log("created", created.statusCode, created.headers.location);
  const followed = await request(completed, {maxRedirections: 2});
  const last = followed.context.history.at(-1);
  console.log("followed", followed.statusCode, last.href, (await followed.body.json()).status);
  const stopped = await request(completed);
  console.log("stopped", stopped.statusCode, stopped.headers.location, (await stopped.body.json()).status);
  const etag = (await request(failed)).headers.etag;
  console.log("unchanged", (await request(failed, {headers: {"If-None-Match": etag}})).statusCode);
  process.exit(0); // not before the idle connections end
}
main(...process.argv.slice(2));
