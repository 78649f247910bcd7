/** The API by TCP, where the configuration says so: which listeners there are, and how they become others at a reload. */

import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { ApiConfig } from "../config/config.ts";
import { mayListen } from "../device/permissions.ts";
import { ownUser } from "../device/privileges.ts";
import { UsageError } from "../input/errors.ts";
import { isIpv6, isLoopback } from "../wire/address.ts";
import { type Endpoint, formatEndpoint } from "../wire/endpoint.ts";
import { PUBLIC_COMMANDS } from "./contract.ts";
import { guarded } from "./guard.ts";
import { apiOf, type Sources } from "./http.ts";
import { type Keys, readKeys } from "./keys.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { serverOf } from "./server.ts";

/** So long a connection may be silent between two requests. */
const SILENT_MS = 10_000;

const NO_KEYS: Keys = { token: undefined, tls: undefined };

/** What another configuration makes of the listeners. One of the two is to be called. */
export interface Change {
  take(): Promise<void>;
  drop(): void;
}

interface TcpListener {
  readonly endpoint: Endpoint;
  readonly server: Server;
  /** Certificate and key that it was opened with. */
  readonly tls: Keys["tls"];
}

/** Throws UsageError where a file will not do for a dispatcher that runs as this user, or Deno may not listen. */
export function requireApi(config: ApiConfig, uid: number): void {
  readKeys(config, uid);
  config.listen.forEach(requirePermission);
}

/** Deno has its permissions from the file as it was at the start (scripts/oneip). */
function requirePermission(endpoint: Endpoint): void {
  if (mayListen(formatEndpoint(endpoint))) return;
  throw new UsageError(
    `api.listen: Deno was started without the permission to listen at ${formatEndpoint(endpoint)}; ` +
      "start the dispatcher anew, or take over, with scripts/oneip and the path of this file",
  );
}

export class TcpApi {
  readonly #sources: Sources;
  readonly #log: Logger;
  readonly #limits: Limits;
  #listeners: readonly TcpListener[] = [];
  #keys = NO_KEYS;

  constructor(sources: Sources, log: Logger, limits: Limits = LIMITS) {
    this.#sources = sources;
    this.#log = log;
    this.#limits = limits;
  }

  /** Opens what can be opened, and tells the log what cannot: without its API a dispatcher does its work, too. */
  async start(config: ApiConfig): Promise<void> {
    try {
      this.#keys = readKeys(config, ownUser());
      this.#listeners = await this.#openEach(config.listen);
    } catch (error) {
      this.#warn(error);
    }
  }

  /**
   * Gets ready to go by this configuration: what is new listens already, what is to end still does. Throws UsageError, and has changed
   * nothing, when a file will not do or an address cannot be had.
   */
  async prepare(config: ApiConfig): Promise<Change> {
    const keys = readKeys(config, ownUser());
    const before = this.#listeners;
    const kept = before.filter((one) =>
      config.listen.some((endpoint) => isSame(endpoint, one.endpoint)) && isSameTls(one.tls, keys.tls)
    );
    const isHeld = (endpoint: Endpoint) => before.some((one) => isSame(endpoint, one.endpoint));
    const fresh = await this.#openAll(config.listen.filter((endpoint) => !isHeld(endpoint)), keys);
    const anew = config.listen.filter((endpoint) =>
      isHeld(endpoint) && !kept.some((one) => isSame(endpoint, one.endpoint))
    );
    return {
      take: async () => {
        this.#keys = keys;
        await Promise.all(before.filter((one) => !kept.includes(one)).map(close));
        this.#listeners = [...kept, ...fresh, ...await this.#openEach(anew)];
      },
      drop: () => void Promise.all(fresh.map(close)),
    };
  }

  /** Where it is reached now. */
  get endpoints(): Endpoint[] {
    return this.#listeners.map(({ server }) => server.address() as AddressInfo);
  }

  /** Hears nobody new, and leaves the addresses to another process. Who is connected stays so. */
  leave(): void {
    for (const { server } of this.#listeners) server.close();
  }

  close(): void {
    void Promise.all(this.#listeners.map(close));
    this.#listeners = [];
  }

  /** With the keys as they are now. */
  async #openEach(endpoints: readonly Endpoint[]): Promise<TcpListener[]> {
    const opened = await Promise.all(
      endpoints.map((endpoint) => this.#listen(endpoint, this.#keys).catch((error) => this.#warn(error))),
    );
    return opened.filter((one) => one !== undefined);
  }

  #warn(error: unknown): void {
    this.#log.warn({ reason: (error as Error).message }, "no API by TCP there: a reload tries again");
  }

  /** All of them, or none. */
  async #openAll(endpoints: readonly Endpoint[], keys: Keys): Promise<TcpListener[]> {
    const opened: TcpListener[] = [];
    try {
      for (const endpoint of endpoints) opened.push(await this.#listen(endpoint, keys));
      return opened;
    } catch (error) {
      await Promise.all(opened.map(close));
      throw error;
    }
  }

  async #listen(endpoint: Endpoint, { tls }: Keys): Promise<TcpListener> {
    requirePermission(endpoint);
    const { address, port } = endpoint;
    const access = () => ({ isLocal: isLoopback(address), keys: this.#keys });
    const app = guarded(apiOf(this.#sources, this.#limits, PUBLIC_COMMANDS), access);
    const server = serverOf(app, this.#sources.clock, { ...this.#limits, silentMs: SILENT_MS, tls });
    try {
      server.listen({ host: address, port, ipv6Only: isIpv6(address) });
      await once(server, "listening");
    } catch (error) {
      throw new UsageError(`api.listen: ${formatEndpoint(endpoint)} cannot be had: ${why(error)}`);
    }
    server.on(
      "error",
      (error) => this.#log.warn({ reason: error.message }, "a listener of the API has failed"),
    );
    this.#log.info({ listen: formatEndpoint(server.address() as AddressInfo) }, "the API is reached by TCP");
    return { endpoint, server, tls };
  }
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.address === other.address && one.port === other.port;
}

function isSameTls(one: Keys["tls"], other: Keys["tls"]): boolean {
  return one?.certificate === other?.certificate && one?.key === other?.key;
}

/** At once, whoever is connected. */
async function close({ server }: TcpListener): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

function why(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EADDRINUSE":
      return "another program listens there; end it, or use another port";
    case "EADDRNOTAVAIL":
    case "EINVAL": // Deno's word for it.
      return "this machine does not have the address";
    case "EACCES":
      return "this process may not; a port below 1024 must be in the file when root starts the dispatcher, or needs CAP_NET_BIND_SERVICE";
    default:
      return message;
  }
}
