/** An address and a port as text, such as `10.0.0.1:80` or `[2001:db8::1]:80` (RFC 3986 section 3.2). */

import { isIpv6, parseIp } from "./address.ts";

export interface Endpoint {
  /** Canonical text. */
  readonly address: string;
  readonly port: number;
}

/** Port 1 to 65535; undefined where it is none. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = parseIp(inBrackets ?? plain ?? "");
  const port = Number(digits);
  if (address === undefined || isIpv6(address) !== (inBrackets !== undefined)) return undefined;
  return port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

export function formatEndpoint({ address, port }: Endpoint): string {
  return `${isIpv6(address) ? `[${address}]` : address}:${port}`;
}
