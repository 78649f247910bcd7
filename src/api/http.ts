/** The routes of the contract over HTTP, whatever carries them: what is asked, what answers, and how it is refused. */

import type { Socket } from "node:net";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { InputError, NoneSuchError, UsageError } from "../input/errors.ts";
import {
  type CommandName,
  COMMANDS,
  type Connection,
  CONTRACT,
  EVENT_STREAM,
  type Handlers,
  namesIn,
  refusal,
  refused,
} from "./contract.ts";
import type { Clock } from "../system/clock.ts";
import type { EventRing } from "./event_ring.ts";
import { eventStream } from "./event_stream.ts";
import type { Limits } from "./limits.ts";
import { type Monitored, MONITORING, monitoringOf } from "./monitoring.ts";

/** What @hono/node-server tells of a request. */
export interface Bindings {
  readonly incoming: { readonly socket: Socket };
}

export type Api = OpenAPIHono<{ Bindings: Bindings }>;
export type Asked = Context<{ Bindings: Bindings }>;

const DOCUMENT = "/v1/openapi.json";

/** What answers. */
export interface Sources {
  readonly handlers: Handlers;
  readonly monitored: Monitored;
  readonly ring: EventRing;
  readonly clock: Clock;
}

/** With these commands, and what is beside them. */
export function apiOf(
  { handlers, monitored, ring, clock }: Sources,
  { bodyOctets }: Limits,
  commands: readonly CommandName[] = COMMANDS,
): Api {
  const api: Api = new OpenAPIHono({
    defaultHook: (result, asked) => result.success ? undefined : asked.json(misfitOf(result.error), 400),
  });
  // Of other methods no body is read.
  api.on(
    "POST",
    "*",
    bodyLimit({
      maxSize: bodyOctets,
      onError: (asked) =>
        asked.json(
          refused(`The body is too large: ${bodyOctets} octets are the most`),
          413,
          { connection: "close" },
        ),
    }),
  );
  api.on("POST", "*", requireJson);
  const connections = new Connections();
  for (const name of commands) define(api, name, handlers, connections);
  defineEvents(api, ring, clock);
  api.route("/", monitoringOf(monitored));
  api.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  api.doc31(DOCUMENT, {
    openapi: "3.1.0",
    info: {
      title: "oneip",
      version: "1",
      description: "What a running dispatcher does, and how it is steered.",
    },
    servers: [{ url: "/" }],
    // The socket wants no token, nor do reads at a listener on loopback (guard.ts).
    security: [{}, { token: [] }],
  });
  const others = [EVENT_STREAM, DOCUMENT, ...MONITORING];
  for (const path of new Set([...commands.map((name) => CONTRACT[name].path), ...others])) {
    api.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), refuseMethod);
  }
  api.notFound((asked) =>
    asked.json(refused(`There is nothing at ${asked.req.path}`, { remedy: `${DOCUMENT} lists all` }), 404)
  );
  api.onError(answerError);
  return api;
}

function define(api: Api, name: CommandName, handlers: Handlers, connections: Connections): void {
  const { method, path, output } = CONTRACT[name];
  const input: z.ZodObject = CONTRACT[name].input;
  const inPath = Object.fromEntries(namesIn(path).map((name) => [name, true])) as Record<never, never>;
  const [params, rest] = [input.pick(inPath), input.omit(inPath)];
  const { summary } = CONTRACT[name] as { readonly summary?: string };
  const json = (schema: z.ZodType) => ({ "application/json": { schema } });
  const route = createRoute({
    method,
    path,
    operationId: name,
    hide: summary === undefined,
    ...(summary === undefined ? {} : { summary }),
    request: {
      params,
      ...(method === "get"
        ? { query: rest }
        : { body: { content: json(rest), required: !rest.safeParse({}).success } }),
    },
    responses: {
      200: { description: "Done", content: json(output) },
      "4XX": { description: "Refused: what is wrong, where, and what would do", content: json(refusal) },
    },
  });
  const answer = handlers[name] as (input: unknown, connection: Connection) => unknown;
  api.openapi(
    route as never,
    (async (asked: Asked) => {
      const valid = asked.req.valid as (of: string) => object;
      const given = {
        ...valid.call(asked.req, "param"),
        ...valid.call(asked.req, method === "get" ? "query" : "json"),
      };
      return asked.json(
        output.parse(await answer(given, connections.of(asked.env.incoming.socket))) as object,
      );
    }) as never,
  );
}

function defineEvents(api: Api, ring: EventRing, clock: Clock): void {
  const route = createRoute({
    method: "get",
    path: EVENT_STREAM,
    operationId: "eventStream",
    summary: "Events as they come: server-sent events, each with its number as id",
    request: {
      headers: z.object({
        "last-event-id": z.string().regex(/^\d{1,15}$/, "use the number of an event").optional(),
      }),
    },
    responses: {
      200: { description: "Without end", content: { "text/event-stream": { schema: z.string() } } },
      "4XX": { description: "Refused", content: { "application/json": { schema: refusal } } },
    },
  });
  api.openapi(
    route as never,
    ((asked: Asked) => {
      const last = asked.req.header("last-event-id");
      return asked.body(eventStream(ring, last === undefined ? ring.newest : Number(last), clock), 200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
      });
    }) as never,
  );
}

/** By socket, so that a conversation of several requests is known for one. */
class Connections {
  readonly #known = new WeakMap<Socket, Connection>();

  of(socket: Socket): Connection {
    let connection = this.#known.get(socket);
    if (connection === undefined) {
      connection = { closed: new Promise((resolve) => socket.once("close", () => resolve())) };
      this.#known.set(socket, connection);
    }
    return connection;
  }
}

/** A body of another type would be taken for none. */
async function requireJson(asked: Asked, next: () => Promise<void>): Promise<Response | void> {
  const [length, type, encoding] = ["content-length", "content-type", "transfer-encoding"]
    .map((name) => asked.req.header(name));
  const hasBody = encoding !== undefined || Number(length ?? 0) > 0;
  if (!hasBody) return await next();
  if (type !== undefined && /^application\/json\s*(;|$)/i.test(type)) return await next();
  return asked.json(
    refused(`The body is ${type ?? "of no type"}`, {
      place: "content-type",
      remedy: "send JSON, as application/json",
    }),
    415,
  );
}

function refuseMethod(asked: Asked): Response {
  const { path, method } = asked.req;
  const allowed = Object.values(CONTRACT).filter((route) => matches(route.path, path)).map(({ method }) =>
    method.toUpperCase()
  );
  const allow = (allowed.length > 0 ? allowed : ["GET"]).join(", ");
  return asked.json(refused(`${method} is nothing for ${path}`, { remedy: `use ${allow}` }), 405, { allow });
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
}

/** The first of all that is wrong with an input, and the others behind it. */
function misfitOf({ issues }: z.ZodError): z.output<typeof refusal> {
  const places = issues.map(({ path, ...issue }) =>
    [...path, ...(issue.code === "unrecognized_keys" ? issue.keys : [])].join(".")
  );
  const messages = issues.map(({ message, path }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message
  );
  return refused(messages.join("; "), { ...(places[0] === "" ? {} : { place: places[0]! }) });
}

function answerError(error: Error, asked: Context): Response {
  const { message } = error;
  if (error instanceof NoneSuchError) return asked.json(refused(message), 404);
  if (error instanceof InputError) {
    const { line, column } = error.mistakes[0]!;
    return asked.json(refused(message, { place: `${line}:${column}` }), 409);
  }
  if (error instanceof UsageError) return asked.json(refused(message), 409);
  const { status = 500 } = error as { readonly status?: number };
  return asked.json(refused(status === 400 ? "The body is no JSON" : message), status as 500);
}
