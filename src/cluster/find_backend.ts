/** The cluster, or the backend, that people mean by `NAME` or `CLUSTER/NAME`. */

import { NoneSuchError, UsageError } from "../input/errors.ts";

/** A cluster, as far as names go: of a configuration, or of a status. */
interface Named<Backend> {
  readonly name: string;
  readonly backends: readonly (Backend & { readonly name: string })[];
}

/** Names that an error suggests. */
const MOST_SUGGESTED = 3;

/** Throws UsageError, with the nearest names, when there is no such cluster. */
export function findCluster<Cluster extends { readonly name: string }>(
  clusters: readonly Cluster[],
  name: string,
): Cluster {
  const found = clusters.find((cluster) => cluster.name === name);
  if (found !== undefined) return found;
  throw new NoneSuchError(
    `There is no cluster "${name}"; use ${nearest(name, clusters.map(({ name }) => name))}`,
  );
}

/** Throws UsageError when there is no such backend, with the nearest names, or when several clusters have one, with theirs. */
export function findBackend<Backend extends { readonly name: string }, Cluster extends Named<Backend>>(
  clusters: readonly (Cluster & Named<Backend>)[],
  text: string,
): { readonly cluster: Cluster; readonly backend: Backend } {
  const [name = "", clusterName] = text.split("/").toReversed();
  const all = clusters.flatMap((cluster) => cluster.backends.map((backend) => ({ cluster, backend })));
  if (clusterName !== undefined) findCluster(clusters, clusterName);
  const inside = all.filter(({ cluster }) => clusterName === undefined || cluster.name === clusterName);
  const found = inside.filter(({ backend }) => backend.name === name);
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const where = clusterName === undefined ? "" : ` in cluster "${clusterName}"`;
    throw new NoneSuchError(
      `There is no backend "${name}"${where}; use ${
        nearest(name, inside.map(({ backend }) => backend.name))
      }`,
    );
  }
  const full = found.map(({ cluster }) => `${cluster.name}/${name}`);
  throw new UsageError(`Several clusters have a backend "${name}"; use ${full.join(" or ")}`);
}

/** Where a backend that is not there yet belongs. Throws UsageError when it names no cluster and there are several. */
export function placeOfNew(
  clusters: readonly { readonly name: string }[],
  text: string,
): { readonly cluster: string; readonly name: string } {
  const [name = "", cluster] = text.split("/").toReversed();
  if (cluster !== undefined) return { cluster: findCluster(clusters, cluster).name, name };
  if (clusters.length === 1) return { cluster: clusters[0]!.name, name };
  const places = clusters.slice(0, MOST_SUGGESTED).map((cluster) => `${cluster.name}/${name}`);
  throw new UsageError(`There are several clusters; use ${places.join(" or ")}`);
}

function nearest(wanted: string, names: readonly string[]): string {
  const byDistance = [...new Set(names)].map((name) => ({ name, distance: distanceOf(wanted, name) }))
    .sort((a, b) => a.distance - b.distance);
  return byDistance.slice(0, MOST_SUGGESTED).map(({ name }) => name).join(" or ");
}

/** How many letters must be put in, taken out or changed (Levenshtein): a row of the table for each letter of `one`. */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (let at = 0; at < other.length; at++) {
      next.push(Math.min(row[at]! + (letter === other[at] ? 0 : 1), row[at + 1]! + 1, next[at]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
