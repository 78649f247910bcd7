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

interface CallOptions {
  /** From every address. */
  readonly each?: number;
  readonly withinS?: number;
  readonly atOnce?: number;
}

/** Requests at a time. */
const AT_ONCE = 4;

/** For a request; a busy machine takes seconds, and a lost SYN is sent again after 1, 3, 7 and 15. */
const LONGEST_S = 30;

/** Sends `each` requests from every address, each over a connection of its own. The addresses must be the node's. */
export async function request(
  node: LabNode,
  addresses: readonly string[],
  url: string,
  each = 1,
): Promise<Reply[]> {
  const calls = await call(node, addresses, url, { each });
  return calls.map(({ client, backend }) => ({ client, backend }));
}

/** The same, with all that came of it. An address that is empty is for the machine to choose. */
export async function call(
  node: LabNode,
  addresses: readonly string[],
  url: string,
  { each = 1, withinS = LONGEST_S, atOnce = AT_ONCE }: CallOptions = {},
): Promise<Call[]> {
  // One curl for all: to start it takes far longer than a request. `next` is the word that ends the options of a client.
  const input = addresses.map((client) => optionsOf(client, url, each, withinS)).join("next\n");
  // Immediate: else each waits until the first has a connection, which it might share.
  const curl = ["curl", "--silent", "--parallel", "--parallel-immediate", "--parallel-max", String(atOnce)];
  const { stdout } = await node.run([...curl, "--config", "-"], { input });
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
