/** The service of the labs' backends. */

import { expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { runTs } from "../runtime.ts";

test.skipIf(needsRoot())(
  "a client that goes away in the middle of an upload leaves the server to the others",
  async () => {
    const server = ["unshare", "--net", ...runTs("test/lab/server_probe.ts"), "web1"];
    expect(await runChecked(server)).toBe("web1\n\n");
  },
);
