/**
 * Who may ask what by TCP. A connection from this machine says little about who is behind it: a browser connects for any web page. So
 *
 *     Host      is an address, or a name that leads to nobody else. Else a page of another name asks, whose name leads here
 *               (DNS rebinding), and its browser takes this for the page's own server.
 *     Origin    is our own where a browser says it. Else a page from elsewhere asks.
 *     token     for all but reads by programs of this machine, from a listener that only they reach.
 *
 * No answer carries a permission for other origins (CORS).
 */

import type { Socket } from "node:net";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { dashboardFiles } from "../dashboard/files.ts";
import { isIpv6, isLoopback, parseIp } from "../wire/address.ts";
import { refused } from "./contract.ts";
import type { Asked, Bindings } from "./http.ts";
import type { Keys } from "./keys.ts";

/** What a listener has to go by. */
export interface Access {
  /** Only programs of this machine reach it. */
  readonly isLocal: boolean;
  /** As they are now. */
  readonly keys: Keys;
}

const HEADERS = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  // It would hold for all that the host serves, on other ports, too.
  strictTransportSecurity: false,
});

/** Of those who are refused no connection is kept. */
const LAST = { connection: "close" };

type Next = () => Promise<void>;

type App = Hono<{ Bindings: Bindings }>;

/** `api` answers those who may ask. */
export function guarded(api: Pick<App, "fetch">, access: () => Access): App {
  const app: App = new Hono();
  app.use(HEADERS);
  app.use((asked, next) => refuseForeign(asked, next, access()));
  // Nothing of what the dispatcher knows is in them.
  app.route("/", dashboardFiles());
  app.use((asked, next) => refuseUnknown(asked, next, access()));
  app.all("*", (asked) => api.fetch(asked.req.raw, asked.env));
  return app;
}

async function refuseForeign(asked: Asked, next: Next, { keys }: Access): Promise<Response | void> {
  const { hostname, origin } = new URL(asked.req.url);
  const own = ownAddress(asked.env.incoming.socket);
  const isOurs = own !== undefined &&
    (hostname === hostOf(own) || hostname === "localhost" && isLoopback(own) || keys.tls?.isFor(hostname));
  if (!isOurs) {
    const remedy = own === undefined ? "come again" : `ask ${hostOf(own)}`;
    return asked.json(refused(`This is not ${hostname}`, { place: "host", remedy }), 421, LAST);
  }
  const from = asked.req.header("origin");
  if (from === undefined || from === origin) return await next();
  return asked.json(refused(`A page of ${from} may not ask here`, { place: "origin" }), 403, LAST);
}

async function refuseUnknown(
  asked: Asked,
  next: Next,
  { isLocal, keys: { token } }: Access,
): Promise<Response | void> {
  const { method } = asked.req;
  const isRead = method === "GET" || method === "HEAD";
  if (isRead && isLocal && isFromHere(asked.env.incoming.socket)) return await next();
  if (token === undefined) {
    const remedy = "set api.tokenFile, or use the control socket";
    return asked.json(refused("By TCP one can only read, and only from this machine", { remedy }), 403, LAST);
  }
  const authorization = asked.req.header("authorization");
  if (token.isIn(authorization)) return await next();
  return asked.json(
    refused(authorization === undefined ? "The token is missing" : "The token is wrong", {
      place: "authorization",
      remedy:
        "send Authorization: Bearer and the token: of api.tokenFile, or of the address that oneip dashboard has printed",
    }),
    401,
    { ...LAST, "www-authenticate": "Bearer" },
  );
}

/** Where it was connected to, without the zone of a link-local address. Undefined when the connection has ended. */
function ownAddress({ localAddress = "" }: Socket): string | undefined {
  return parseIp(localAddress.replace(/%.*/, ""));
}

/** As an URL has it. */
function hostOf(address: string): string {
  return isIpv6(address) ? `[${address}]` : address;
}

function isFromHere({ remoteAddress }: Socket): boolean {
  return remoteAddress !== undefined && isLoopback(remoteAddress);
}
