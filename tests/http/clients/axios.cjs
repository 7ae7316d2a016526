// client URL COMPLETED FAILED: see clients.py
const axios = require("axios");

async function main(url, completed, failed) {
  const client = axios.create({timeout: 30000, validateStatus: () => true});
  const created = await client.post(`${url}/zones/z/installs`, {package_id: "axios"});
  console.log("created", created.status, created.headers.location);
  const followed = await client.get(completed);
  console.log("followed", followed.status, followed.request.res.responseUrl, followed.data.status);
  const stopped = await client.get(completed, {maxRedirects: 0});
  console.log("stopped", stopped.status, stopped.headers.location, stopped.data.status);
  const etag = (await client.get(failed)).headers.etag;
  console.log("unchanged", (await client.get(failed, {headers: {"If-None-Match": etag}})).status);
}
main(...process.argv.slice(2));
