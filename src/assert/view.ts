/** A cluster address as a client of a lab sees it. */

import { UsageError } from "../input/errors.ts";
import type { LabNode } from "../lab/lab.ts";
import { isIpv6, parseIp } from "../wire/address.ts";
import { formatTarget, readTarget, type Target } from "../watch/target.ts";

/** What `seenFrom` gives: who asks, and what. */
export class View {
  /** The machine that asks. */
  readonly client: LabNode;
  /** What it asks. */
  readonly target: Target;
  /** Addresses of that machine: each is a client. An empty one is for the machine to choose. */
  readonly from: readonly string[];
  /** Milliseconds after which a request is given up. */
  readonly withinMs: number;

  constructor(client: LabNode, target: Target, { from = [], withinMs = WITHIN_MS }: ViewOptions) {
    this.client = client;
    this.target = target;
    this.from = from.length === 0 ? [""] : from;
    this.withinMs = withinMs;
  }
}

/** Who asks, and how long. */
export interface ViewOptions {
  /** Addresses of the node: each is a client, with a backend of its own. Default: the one that the node would take. */
  readonly from?: readonly string[];
  /** After which a request is given up. Default: 30 seconds, since a busy machine takes some. */
  readonly withinMs?: number;
}

const HTTP_PORT = 80;
const WITHIN_MS = 30_000;

/**
 * A service as a node of a lab sees it. `target` is `10.0.0.100`, where HTTP is meant, `10.0.0.100:8080`, `[2001:db8::100]:80`, or a URL
 * such as `http://10.0.0.100/path`. Throws UsageError for what is none of these.
 *
 *     const web = seenFrom(lab.node("client1"), "10.0.0.100", { from: ["198.51.100.7", "198.51.100.8"] });
 */
export function seenFrom(client: LabNode, target: string, options: ViewOptions = {}): View {
  const address = parseIp(target);
  const parsed = address === undefined ? readTarget(target) : { address, port: HTTP_PORT, path: "/" };
  if (parsed === undefined) {
    throw new UsageError(
      `"${target}" is nothing that a node can ask; give an address such as 10.0.0.100, with a port as in 10.0.0.100:80 or ` +
        "[2001:db8::100]:80, or a URL such as http://10.0.0.100/",
    );
  }
  const from = (options.from ?? []).map((text) => {
    const own = parseIp(text);
    if (own !== undefined && isIpv6(own) === isIpv6(parsed.address)) return own;
    throw new UsageError(`"${text}" cannot ask ${parsed.address}; give an address of the same family`);
  });
  return new View(client, parsed, { ...options, from });
}

export function urlOf({ target }: View): string {
  return formatTarget(target);
}

/** As people say it: the port stands there when it is not HTTP's. */
export function nameOf({ target: { address, port } }: View): string {
  if (port === HTTP_PORT) return address;
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
