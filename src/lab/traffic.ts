/** Requests of many clients, by curl. */

import type { LabNode } from "./lab.ts";

/** What one request came to. */
export interface Reply {
  /** The client's address. */
  readonly client: string;
  /** The backend that answered, by its X-Backend header; undefined when none did. */
  readonly backend: string | undefined;
}

/** The same of a request that may have failed. */
export interface Call extends Reply {
  /** Why there was no whole answer, as curl says it; undefined where there was one. */
  readonly failure: string | undefined;
}

/** How requests are sent. */
export interface RequestOptions {
  /** From every address, one after another. Default: 1. */
  readonly each?: number;
  /** Requests at a time. Default: 4. */
  readonly atOnce?: number;
  /** Seconds, for a request. Default: 30; a busy machine takes seconds, and a lost SYN is sent again after 1, 3, 7 and 15. */
  readonly withinS?: number;
}

/** Sends requests from every address, each over a connection of its own. The addresses must be the node's. */
export async function request(
  node: LabNode,
  addresses: readonly string[],
  url: string,
  options: RequestOptions = {},
): Promise<Reply[]> {
  const calls = await call(node, addresses, url, options);
  return calls.map(({ client, backend }) => ({ client, backend }));
}

/** The same, with all that came of it. An address that is empty is for the machine to choose. */
export async function call(
  node: LabNode,
  addresses: readonly string[],
  url: string,
  { each = 1, atOnce = 4, withinS = 30 }: RequestOptions = {},
): Promise<Call[]> {
  // One curl for all: to start it takes far longer than a request. `next` is the word that ends the options of a client.
  const input = addresses.map((client) => optionsOf(client, url, each, withinS)).join("next\n");
  const parallel = ["--parallel", "--parallel-immediate", "--parallel-max", String(atOnce)];
  const { stdout } = await node.run(["curl", "--silent", ...parallel, "--config", "-"], { input });
  return stdout.trim().split("\n").filter((row) => row !== "").map((row) => {
    const [client = "", status, exit, backend = "", ...failure] = row.split(" ");
    return {
      client,
      backend: status === "200" ? backend : undefined,
      failure: exit === "0" ? undefined : failure.join(" "),
    };
  });
}

/** Options in the form of curl's configuration files. Without globbing, which would misread the brackets of an IPv6 address. */
function optionsOf(client: string, url: string, each: number, withinS: number): string {
  return `globoff
max-time = ${withinS}
${client === "" ? "" : `interface = "${client}"\n`}header = "Connection: close"
write-out = "${client} %{http_code} %{exitcode} %header{x-backend} %{errormsg}\\n"
${`url = "${url}"\noutput = "/dev/null"\n`.repeat(each)}`;
}
