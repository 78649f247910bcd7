/** Requests of many clients, by curl. */

import type { LabNode } from "./lab.ts";

/** What one request came to. */
export interface Reply {
  /** The client's address. */
  readonly client: string;
  /** The backend that answered, by its X-Backend header; undefined when none did. */
  readonly backend: string | undefined;
}

/** How requests are sent. */
export interface RequestOptions {
  /** Requests at a time. Default: 4. */
  readonly atOnce?: number;
  /** For a request. Default: 30; a busy machine takes seconds, and a lost SYN is sent again after 1, 3, 7 and 15. */
  readonly longestS?: number;
}

/** Sends `each` requests from every address, each over a connection of its own. The addresses must be the node's. */
export async function request(
  node: LabNode,
  addresses: readonly string[],
  url: string,
  each = 1,
  { atOnce = 4, longestS = 30 }: RequestOptions = {},
): Promise<Reply[]> {
  // One curl for all: to start it takes far longer than a request. `next` is the word that ends the options of a client.
  const input = addresses.map((client) => optionsOf(client, url, each, longestS)).join("next\n");
  const curl = [
    "curl",
    "--silent",
    "--parallel",
    "--parallel-immediate",
    "--parallel-max",
    String(atOnce),
    "--config",
    "-",
  ];
  const { stdout } = await node.run(curl, { input });
  return stdout.trim().split("\n").filter((row) => row !== "").map((row) => {
    const [client = "", status, backend = ""] = row.split(" ");
    return { client, backend: status === "200" ? backend : undefined };
  });
}

/** Options in the form of curl's configuration files. Without globbing, which would misread the brackets of an IPv6 address. */
function optionsOf(client: string, url: string, each: number, longestS: number): string {
  return `globoff
max-time = ${longestS}
interface = "${client}"
header = "Connection: close"
write-out = "${client} %{http_code} %header{x-backend}\\n"
${`url = "${url}"\noutput = "/dev/null"\n`.repeat(each)}`;
}
