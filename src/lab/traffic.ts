/** Requests of many clients, by curl. */

import type { LabNode } from "./lab.ts";

/** What one request came to. */
export interface Answer {
  /** The client's address. */
  readonly client: string;
  /** The backend that answered, by its X-Backend header; undefined when none did. */
  readonly backend: string | undefined;
}

/** curls at a time. */
const AT_ONCE = 4;

/** Sends `each` requests from every address, each over a connection of its own. The addresses must be the node's. */
export async function request(
  node: LabNode,
  addresses: readonly string[],
  url: string,
  each = 1,
): Promise<Answer[]> {
  // Without globbing, which would misread the brackets of an IPv6 address.
  const curl = 'curl -sg --max-time 5 --interface {} -H "Connection: close" ' +
    `-w "{} %{http_code} %header{x-backend}\\n" ${`-o /dev/null "${url}" `.repeat(each)}`;
  const { stdout } = await node.run(["xargs", "-P", String(AT_ONCE), "-I{}", "sh", "-c", curl], {
    input: addresses.join("\n"),
  });
  return stdout.trim().split("\n").filter((row) => row !== "").map((row) => {
    const [client = "", status, backend = ""] = row.split(" ");
    return { client, backend: status === "200" ? backend : undefined };
  });
}
