/** What is watched, as people write it: `10.0.0.100:80`, `[2001:db8::100]:80`, `http://10.0.0.100/path`. */

import { UsageError } from "../input/errors.ts";
import { isIpv6, parseIp } from "../wire/address.ts";

export interface Target {
  /** Canonical text. */
  readonly address: string;
  readonly port: number;
  /** Of the request, such as `/`. */
  readonly path: string;
}

const HTTP_PORT = 80;

/** Throws UsageError for what is none. */
export function parseTarget(text: string): Target {
  const target = readTarget(text);
  if (target !== undefined) return target;
  throw new UsageError(
    `"${text}" cannot be watched; give an address and a port such as 10.0.0.100:80 or [2001:db8::100]:80, ` +
      "or a URL such as http://10.0.0.100/",
  );
}

/** Undefined for what is none. A name is none: it may stand for several addresses. */
export function readTarget(text: string): Target | undefined {
  const [, scheme, inBrackets, plain, digits, path = "/"] =
    /^(http:\/\/)?(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d{1,5}))?(\/[!-~]*)?$/.exec(text) ?? [];
  const address = parseIp(inBrackets ?? plain ?? "");
  const port = digits === undefined && scheme !== undefined ? HTTP_PORT : Number(digits);
  if (
    address !== undefined && isIpv6(address) === (inBrackets !== undefined) && port >= 1 && port <= 65_535
  ) {
    return { address, port, path };
  }
  return undefined;
}

/** As it stands in a URL. */
export function formatTarget({ address, port, path }: Target): string {
  return `http://${isIpv6(address) ? `[${address}]` : address}${port === HTTP_PORT ? "" : `:${port}`}${path}`;
}
