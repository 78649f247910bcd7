/**
 * Mistakes that no value shows by itself: addresses in two roles, repeated names, backends off the link. What is judged may
 * have any shape, since it is judged even when the schema has complained: only what is well formed is looked at.
 */

import { child, type Complain, items } from "../input/document.ts";
import type { Path } from "../input/places.ts";
import { netmask, parseCidr, parseIpv4 } from "../wire/address.ts";

export function reportNonsense(raw: unknown, complain: Complain): void {
  const dispatcher = child(raw, "dispatcher");
  const links = items(dispatcher, "addresses").flatMap(([index, text]) => {
    const parsed = typeof text === "string" ? parseCidr(text) : undefined;
    return parsed === undefined
      ? []
      : [{ ...parsed, text: text as string, path: ["dispatcher", "addresses", index] }];
  });
  const isOnLink = (address: number) =>
    links.some((link) => ((link.address ^ address) & netmask(link.prefixLength)) === 0);
  const linkNames = links.map(({ text }) => text).join(", ");
  const roles = new Map(links.map(({ address, text }) => [address, `the dispatcher's address ${text}`]));

  const gateway = address(child(dispatcher, "gateway"));
  if (gateway !== undefined && links.length > 0 && !isOnLink(gateway)) {
    const found = String(child(dispatcher, "gateway"));
    complain(
      ["dispatcher", "gateway"],
      `The gateway is not on the link, found ${found}, use an address within ${linkNames}`,
    );
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
        complain(path, `The backend is not on the link, found ${text}, use an address within ${linkNames}`);
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

function address(value: unknown): number | undefined {
  return typeof value === "string" ? parseIpv4(value) : undefined;
}
