/**
 * The rows that `route print` prints on Windows, in any language and wherever its lines break: their shape tells them from other
 * text.
 *
 *     network  mask       gateway       interface     metric
 *     9.0.0.0  255.0.0.0  9.67.133.158  9.67.133.158  1
 *     9.0.0.0  255.0.0.0  On-link       9.67.133.158  281      since Vista; in German "Auf Verbindung"
 */

import { parseIp } from "../../wire/address.ts";
import { parseMask } from "./mask.ts";
import type { Route } from "./routes.ts";

const QUAD = String.raw`(\d{1,3}(?:\.\d{1,3}){3})`;
const ROW = new RegExp(
  String.raw`${QUAD}\s+${QUAD}\s+(?:${QUAD}|[^\d\s][^\d\n]*?)\s+${QUAD}\s+\d+(?![\d.])`,
  "g",
);

/** The loopback adapter in the list of interfaces: `12...02 00 4c 4f 4f 50 ......Microsoft KM-TEST Loopback Adapter`. */
const ADAPTER = /^\s*(\d+)\s*\.\.\..*(?:KM-TEST|Loopback ?Adapter|bouclage)/gmi;

export function parseWindowsRoutes(text: string): Route[] {
  const adapters = [...text.matchAll(ADAPTER)].map(([, index]) => index!);
  // With two loopback adapters the list does not show which one a row means.
  const index = adapters.length === 1 ? adapters[0] : undefined;
  return [...text.matchAll(ROW)].flatMap(([, base = "", mask = "", gateway, via = ""]) => {
    const prefixLength = parseMask(mask);
    const [address, at] = [parseIp(base), parseIp(via)];
    if (address === undefined || at === undefined || prefixLength === undefined) return [];
    return [{
      network: { address, prefixLength },
      text: address,
      gateway: gateway === undefined ? undefined : parseIp(gateway),
      interface: at,
      ...(index === undefined ? {} : { adapter: index }),
    }];
  });
}
