/**
 * A node's keys may stand at four levels, of which the nearest decides, as in containerlab:
 *
 *     topology.defaults  <  topology.kinds.KIND  <  topology.groups.GROUP  <  topology.nodes.NODE
 *
 * Lines of `exec` come one level after another; of `env` and `sysctls` each key by itself.
 */

import * as z from "zod";
import type { Contents, Entry } from "../input/contents.ts";
import type { Path } from "../input/places.ts";

/** What may stand at any level. */
interface Keys {
  readonly kind?: string | undefined;
  readonly group?: string | undefined;
  readonly exec?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
}

interface Levels<K extends Keys> {
  readonly defaults?: K | undefined;
  readonly kinds?: Readonly<Record<string, K | null>> | undefined;
  readonly groups?: Readonly<Record<string, K | null>> | undefined;
  readonly nodes: Readonly<Record<string, K | null>>;
}

/** The keys of a node from all levels. */
export function settle<K extends Keys>({ defaults, kinds, groups, nodes }: Levels<K>, name: string) {
  const node = nodes[name] ?? {} as K;
  const group = groups?.[node.group ?? defaults?.group ?? ""] ?? {} as K;
  const kind = kinds?.[node.kind ?? group.kind ?? defaults?.kind ?? ""] ?? {} as K;
  const levels = [defaults ?? {} as K, kind, group, node];
  return {
    ...Object.assign({}, ...levels) as K,
    exec: levels.flatMap(({ exec = [] }) => exec),
    env: Object.assign({}, ...levels.map(({ env }) => env)) as Record<string, string>,
    sysctls: Object.assign({}, ...levels.map(({ sysctls }) => sysctls)) as Record<string, string>,
  };
}

/** A key of a node, from the nearest level that has it, of a file that need not be right. */
export function own(contents: Contents, node: string, key: string): Entry<unknown> | undefined {
  const at = (path: Path, key: string) => contents.at(["topology", ...path, key], z.unknown());
  const [ofNode, ofDefaults] = [["nodes", node], ["defaults"]];
  const group = ["groups", String(at(ofNode, "group")?.value ?? at(ofDefaults, "group")?.value)];
  const kind = at(ofNode, "kind") ?? at(group, "kind") ?? at(ofDefaults, "kind");
  for (const path of [ofNode, group, ["kinds", String(kind?.value)], ofDefaults]) {
    const entry = at(path, key);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The keys of the mapping at this path, if there is one. */
export function parts(contents: Contents, path: Path): string[] {
  return Object.keys(contents.at(path, z.record(z.string(), z.unknown()))?.value ?? {});
}
