/** What should hold in the demonstration, and whether it did. */

import type { Reply } from "../lab/traffic.ts";

export interface Check {
  /** What should hold. */
  readonly claim: string;
  readonly passed: boolean;
  /** What was found. */
  readonly found: string;
}

/** `expected` is the backend that the bucket map gives each client. */
export function checksOf(
  clients: readonly string[],
  requestsEach: number,
  answers: readonly Reply[],
  expected: ReadonlyMap<string, string | null>,
  frames: { readonly replies: number; readonly repliesThroughDispatcher: number },
): Check[] {
  const met = new Map(clients.map((client) => [client, [] as string[]]));
  for (const { client, backend } of answers) if (backend !== undefined) met.get(client)?.push(backend);
  const all = [...met];
  const unanswered = all.filter(([, backends]) => backends.length < requestsEach);
  const torn = all.filter(([, backends]) => new Set(backends).size > 1);
  const astray = all.filter(([client, backends]) =>
    backends.some((backend) => backend !== expected.get(client))
  );
  return [
    check("every request of every client was answered", unanswered, `${answers.length} requests answered`),
    check("every client met one backend only", torn, `${clients.length} clients, one backend each`),
    check("and it was the one that its hash names", astray, `as "oneip explain" says`),
    {
      claim: "no reply crossed the dispatcher",
      passed: frames.replies > 0 && frames.repliesThroughDispatcher === 0,
      found: `${frames.repliesThroughDispatcher} of ${frames.replies} reply frames`,
    },
  ];
}

function check(
  claim: string,
  failing: readonly (readonly [string, readonly string[]])[],
  fine: string,
): Check {
  const named = failing.slice(0, 5).map(([client, backends]) =>
    `${client} (${backends.join(", ") || "no answer"})`
  );
  const more = failing.length > 5 ? ` and ${failing.length - 5} more` : "";
  return {
    claim,
    passed: failing.length === 0,
    found: failing.length === 0 ? fine : `not ${named.join(", ")}${more}`,
  };
}
