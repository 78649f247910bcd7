import { dispatcherOf } from "./answers.ts";
import type { Lesson } from "./lesson.ts";
import text from "./modulo.json" with { type: "json" };
import { webScene } from "./scenes.ts";

export const MODULO: Lesson = {
  id: "modulo",
  ...text,
  scene: webScene({ clients: 4, backends: 5, cluster: ["algorithm: modulo", "health: []"] }),
  watch(world) {
    let before: readonly string[] = [];
    let [hasCost, hasSpared] = [false, false];
    return () => {
      const node = dispatcherOf(world);
      const now = ownersIn(node?.engine?.buckets("web"));
      const [gone] = lacking(before, now);
      if (gone !== undefined && lacking(now, before).length === 0) {
        const algorithm = node?.config.clusters[0]?.algorithm;
        const others = now.some((owner, bucket) => owner !== before[bucket] && before[bucket] !== gone);
        if (algorithm === "modulo" && others) hasCost = true;
        if (algorithm === "maglev" && !others) hasSpared = true;
      }
      before = now;
      return [hasCost, hasSpared];
    };
  },
};

function ownersIn(
  buckets: { readonly owners: readonly number[]; readonly backends: readonly string[] } | undefined,
): string[] {
  return buckets === undefined ? [] : buckets.owners.map((owner) => buckets.backends[owner] ?? "nobody");
}

/** Who owns something in one map and nothing in the other. */
function lacking(one: readonly string[], other: readonly string[]): string[] {
  const there = new Set(other);
  return [...new Set(one)].filter((owner) => !there.has(owner));
}
