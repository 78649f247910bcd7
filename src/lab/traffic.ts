/** Requests of many clients, by curl. */

import type { LabNode } from "./lab.ts";

/** What one request came to. */
export interface Reply {
  /** The client's address. */
  readonly client: string;
  /** The backend that answered, by its X-Backend header; undefined when none did. */
  readonly backend: string | undefined;
}

/** curls at a time. */
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
  // Without globbing, which would misread the brackets of an IPv6 address.
  const curl = `curl -sg --max-time ${LONGEST_S} --interface {} -H "Connection: close" ` +
    `-w "{} %{http_code} %header{x-backend}\\n" ${`-o /dev/null "${url}" `.repeat(each)}`;
  const { stdout } = await node.run(["xargs", "-P", String(AT_ONCE), "-I{}", "sh", "-c", curl], {
    input: addresses.join("\n"),
  });
  return stdout.trim().split("\n").filter((row) => row !== "").map((row) => {
    const [client = "", status, backend = ""] = row.split(" ");
    return { client, backend: status === "200" ? backend : undefined };
  });
}
