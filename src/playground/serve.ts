/** Serves the page to browsers of this machine. It is the same for everybody, and knows nothing of this machine. */

import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../input/errors.ts";
import { ownFile } from "../system/installation.ts";
import { runChecked } from "../system/programs.ts";
import { FOLDER, INDEX } from "./files.ts";

const HOST = "127.0.0.1";

export interface Served {
  readonly url: string;
  close(): void;
}

/** `port`: 0 for any free one. Throws UsageError when it cannot be had. */
export async function servePlayground(port: number): Promise<Served> {
  return await serve(await builtPage(), port);
}

/** A checkout builds it each time, from its sources as they are; the package has it built. */
async function builtPage(): Promise<string> {
  const script = ownFile("scripts/playground");
  if (existsSync(script)) await runChecked([script]);
  return readFileSync(ownFile(`${FOLDER}/${INDEX}`), "utf8");
}

/** One page, and nothing else. */
export async function serve(page: string, port: number): Promise<Served> {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    // What the page says of itself, and what only a header may say.
    "content-security-policy": `${policyIn(page)}; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  };
  const server = createServer(({ method = "", url = "" }, response) => {
    const [path] = url.split("?");
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD", "content-type": "text/plain" }).end(
        "There is only GET\n",
      );
    } else if (path !== "/" && path !== `/${INDEX}`) {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is only /\n");
    } else response.writeHead(200, headers).end(page);
  });
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new UsageError(`Cannot listen at ${HOST}:${port}: ${(error as Error).message}; use another port`);
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function policyIn(page: string): string {
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page) ?? [];
  if (policy === undefined) throw new Error(`There is no policy in ${FOLDER}/${INDEX}; build it again`);
  return policy;
}
