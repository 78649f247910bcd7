/**
 * The labs' server and its client in one process, in a network namespace of their own: `server_probe.ts NAME`. The client goes away in
 * the middle of an upload; what the server answers then is printed.
 */

import { once } from "node:events";
import { connect } from "node:net";
import { runChecked } from "../../src/system/programs.ts";

await runChecked(["ip", "link", "set", "lo", "up"]);
await import("../../src/lab/server.ts");

const upload = connect(80, "::1");
// It answers at once that it goes on to read.
upload.write("PUT / HTTP/1.1\r\nHost: oneip\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
await once(upload, "data");
upload.resetAndDestroy();

const request = connect(80, "::1");
request.write("GET / HTTP/1.1\r\nHost: oneip\r\nConnection: close\r\n\r\n");
let answer = "";
for await (const text of request.setEncoding("utf8")) answer += text;
console.log(answer.split("\r\n\r\n")[1]);
process.exit();
