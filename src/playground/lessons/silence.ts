import { eachAnswer, hostOf, ownerOf } from "./answers.ts";
import type { Lesson } from "./lesson.ts";
import { CLUSTER, webScene } from "./scenes.ts";
import text from "./silence.json" with { type: "json" };

/** So many right answers in a row, and from so many backends, are no accident. */
const RIGHT = 5;
const BACKENDS = 2;

export const SILENCE: Lesson = {
  id: "silence",
  ...text,
  scene: webScene({
    ...{ clients: 4, backends: 3, cluster: ["health: []"] },
    nodes: { web2: { isSilent: false } },
    // Of two answers the router believes the first one.
    links: { "lan-dispatcher": { delayUs: 80 } },
  }),
  watch(world, chronicle) {
    let hasStrayed = false;
    let right: string[] = [];
    eachAnswer(world, chronicle, CLUSTER, ({ backend, client }) => {
      const isRight = ownerOf(world, client) === backend;
      if (!isRight) hasStrayed = true;
      right = isRight ? [...right, backend].slice(-RIGHT) : [];
    });
    return () => [
      hasStrayed,
      right.length === RIGHT && new Set(right).size >= BACKENDS && hostOf(world, "web2").isSilent,
    ];
  },
};
