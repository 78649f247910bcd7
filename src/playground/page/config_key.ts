/** One key of the first cluster, changed in a configuration's text. All else of the text stays as it is. */

import { isMap, isSeq, parseDocument } from "yaml";

/** `value` is YAML, in one line. */
export function withKey(text: string, key: string, value: string): string {
  const document = parseDocument(text);
  const clusters = document.get("clusters");
  const cluster = isSeq(clusters) ? clusters.items[0] : undefined;
  if (!isMap(cluster)) return text;
  const pair = cluster.items.find(({ key: name }) => String(name) === key);
  const range = (pair?.value as { readonly range?: readonly [number, number, number] } | undefined)?.range;
  if (range !== undefined) {
    const [from, until] = range;
    return text.slice(0, from) + value + text.slice(until);
  }
  const first =
    (cluster.items[0]?.key as { readonly range?: readonly [number, number, number] } | undefined)?.range
      ?.[0] ?? 0;
  const isFlow = cluster.flow === true;
  const indent = first - (text.lastIndexOf("\n", first - 1) + 1);
  return `${text.slice(0, first)}${key}: ${value}${isFlow ? ", " : `\n${" ".repeat(indent)}`}${
    text.slice(first)
  }`;
}
