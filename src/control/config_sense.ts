/**
 * Mistakes that no value shows by itself: addresses in two roles, repeated names, backends off the link. What is judged may
 * have any shape, since it is judged even when the schema has complained: only what is well formed is looked at.
 */

import { child, type Complain, items } from "../input/document.ts";
import type { Path } from "../input/places.ts";
import { contains, isIpv6, isLinkLocal, parseCidr, parseIp } from "../wire/address.ts";

export function reportNonsense(raw: unknown, complain: Complain): void {
  const dispatcher = child(raw, "dispatcher");
  const links = items(dispatcher, "addresses").flatMap(([index, text]) => {
    const parsed = typeof text === "string" ? parseCidr(text) : undefined;
    return parsed === undefined
      ? []
      : [{ ...parsed, text: text as string, path: ["dispatcher", "addresses", index] }];
  });
  const isOnLink = (address: string) => isLinkLocal(address) || links.some((link) => contains(link, address));
  const linkNames = links.map(({ text }) => text).join(", ");
  const roles = new Map(links.map(({ address, text }) => [address, `the dispatcher's address ${text}`]));

  const gateways = gatewaysOf(dispatcher);
  const nextHops: [unknown, Path, string][] = [
    ...gateways.map(([path, text]): [unknown, Path, string] => [text, path, "The gateway"]),
    ...items(dispatcher, "routes").map(([index, route]): [unknown, Path, string] => [
      child(route, "via"),
      ["dispatcher", "routes", index, "via"],
      "The next hop",
    ]),
  ];
  for (const [text, path, what] of nextHops) {
    const nextHop = address(text);
    if (nextHop === undefined || links.length === 0) continue;
    if (links.some((link) => link.address === nextHop)) {
      complain(path, `${what} is the dispatcher itself, found ${text}, use another machine's address`);
    } else if (!isOnLink(nextHop)) {
      complain(path, `${what} is not on the link, found ${text}, use an address within ${linkNames}`);
    }
  }
  const families = gateways.map(([, text]) => address(text)).filter((text) => text !== undefined).map(isIpv6);
  if (new Set(families).size < families.length) {
    complain(
      ["dispatcher", "gateway"],
      "There are two gateways of one family, found both, use one for each family",
    );
  }
  for (const [index, route] of items(dispatcher, "routes")) {
    const [prefix, via] = [child(route, "prefix"), address(child(route, "via"))];
    const parsed = typeof prefix === "string" ? parseCidr(prefix, 0) : undefined;
    if (parsed !== undefined && via !== undefined && isIpv6(parsed.address) !== isIpv6(via)) {
      const path = ["dispatcher", "routes", index, "via"];
      complain(
        path,
        `The next hop is of another family than the prefix, found ${via} for ${prefix}, use one of the same`,
      );
    }
  }

  const clusters = items(raw, "clusters");
  for (const [index, cluster] of clusters) {
    for (
      const [place, text] of items(cluster, "backends").map((
        [place, backend],
      ) => [place, child(backend, "address")])
    ) {
      const backend = address(text);
      if (backend === undefined) continue;
      const path = ["clusters", index, "backends", place as number, "address"];
      if (links.some((link) => link.address === backend)) {
        complain(
          path,
          `A backend has ${roles.get(backend)}, found ${text}, use the backend's own primary address`,
        );
      } else if (links.length > 0 && !isOnLink(backend)) {
        complain(
          path,
          `The backend is not on the link, found ${text}, use an address within ${linkNames}: ` +
            "only the MAC address of a frame is rewritten, so a router in between would not know the way",
        );
      }
    }
  }
  for (const [, cluster] of clusters) {
    for (const [, backend] of items(cluster, "backends")) {
      const primary = address(child(backend, "address"));
      if (primary !== undefined) {
        roles.set(
          primary,
          roles.get(primary) ?? `the primary address of backend "${child(backend, "name")}"`,
        );
      }
    }
  }
  for (const [index, cluster] of clusters) {
    for (const [place, text] of items(cluster, "addresses")) {
      const clusterAddress = address(text);
      if (clusterAddress === undefined) continue;
      const role = roles.get(clusterAddress);
      if (role !== undefined) {
        complain(
          ["clusters", index, "addresses", place],
          `A cluster address must be nobody's own, found ${text}, which is ${role}, use a free address`,
        );
      }
      roles.set(clusterAddress, `an address of cluster "${child(cluster, "name")}"`);
    }
    reportRepeats(items(cluster, "backends"), "name", ["clusters", index, "backends"], "backend", complain);
    reportRepeats(
      items(cluster, "backends"),
      "address",
      ["clusters", index, "backends"],
      "backend",
      complain,
    );
    const buckets = child(cluster, "buckets");
    const backends = items(cluster, "backends").length;
    if (typeof buckets === "number" && buckets >= 2 && backends > buckets) {
      complain(
        ["clusters", index, "buckets"],
        `There are more backends than buckets, found ${buckets} for ${backends} backends, use a larger power of two`,
      );
    }
  }
  reportRepeats(clusters, "name", ["clusters"], "cluster", complain);
}

/** Path and value of the gateway, or of each when it is a list. */
function gatewaysOf(dispatcher: unknown): [Path, unknown][] {
  const gateway = child(dispatcher, "gateway");
  return Array.isArray(gateway)
    ? gateway.map((text, index) => [["dispatcher", "gateway", index], text])
    : [[["dispatcher", "gateway"], gateway]];
}

function reportRepeats(
  entries: [number, unknown][],
  key: string,
  path: Path,
  what: string,
  complain: Complain,
): void {
  const seen = new Map<unknown, number>();
  for (const [index, entry] of entries) {
    const value = child(entry, key);
    if (typeof value !== "string") continue;
    if (seen.has(value)) {
      complain(
        [...path, index, key],
        `Two ${what}s have the same ${key}, found "${value}" again, use another ${key}`,
      );
    }
    seen.set(value, index);
  }
}

function address(value: unknown): string | undefined {
  return typeof value === "string" ? parseIp(value) : undefined;
}
