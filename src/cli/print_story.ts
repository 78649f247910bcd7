/** The story of a demonstration, for a person at a terminal. */

import { styleText } from "node:util";
import { formatTable } from "./table.ts";
import type { Story } from "../demo/demonstrate.ts";
import type { Hop } from "../demo/hops.ts";

export function printStory(story: Story): void {
  const { clusterAddress, clients, requests, backends, request, reply, frames, checks } = story;
  console.log(`\n${clients} clients, ${requests} requests to ${clusterAddress}\n`);
  console.log(indent(formatTable(
    ["backend", "address", "buckets", "clients", "requests", "share"],
    backends.map(({ name, address, buckets, clients, requests: own }) => [
      name,
      address,
      buckets,
      clients,
      own,
      `${(100 * own / Math.max(1, requests)).toFixed(1)} %`,
    ]),
  )));
  console.log("\nOne request on the LAN, and its reply:\n");
  console.log(
    indent([
      ...request.map((hop) => arrow("request", hop)),
      ...reply.map((hop) => arrow("reply", hop)),
    ].join("\n")),
  );
  console.log("\nFrames of the cluster:\n");
  console.log(indent(formatTable(["direction", "frames"], [
    ["clients to the dispatcher", frames.toDispatcher],
    ["dispatcher to the backends", frames.dispatched],
    ["backends to the clients", frames.replies],
    ["backends to the clients through the dispatcher", frames.repliesThroughDispatcher],
  ])));
  console.log();
  for (const { claim, passed, found } of checks) {
    const mark = passed ? styleText("green", "ok  ") : styleText("red", "FAIL");
    console.log(`${mark} ${passed ? claim : styleText("red", claim)}: ${found}`);
  }
}

function arrow(what: string, { from, fromMac, to, toMac }: Hop): string {
  return `${what.padEnd(7)}  ${from.padEnd(10)} ${fromMac}  ->  ${to.padEnd(10)} ${toMac}`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
