/**
 * Prints what Deno must permit for a configuration, whose path is the argument, beside what every dispatcher needs, a word each: `run` for
 * programs, `net=ADDRESS` for a place to listen at or to ask, `write=PATH` for a socket.
 */

import { readFileSync } from "node:fs";
import { parseConfig } from "../config/config.ts";
import { hasProgramProbes } from "../health/needs.ts";
import { formatEndpoint } from "../wire/endpoint.ts";

const [file = ""] = process.argv.slice(2);
const config = parseConfig(readFileSync(file, "utf8"), file, "");
const hasProbes = hasProgramProbes(config);
if (hasProbes || config.dispatcher.onEvent !== undefined) console.log("run");
// A probe of type exec is a program, which speaks to a port of the loopback interface.
if (hasProbes) console.log("net=127.0.0.1");
if (config.fleet?.bird !== undefined) {
  const { socket } = config.fleet.bird;
  console.log(`net=unix:${socket}\nwrite=${socket}`);
}
for (const member of config.fleet?.etcd?.endpoints ?? []) console.log(`net=${new URL(member).host}`);
for (const endpoint of config.api.listen) console.log(`net=${formatEndpoint(endpoint)}`);
