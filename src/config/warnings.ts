/**
 * What a configuration may say but hardly should. It is no mistake: it runs, and does what it says. A warning has the shape of a
 * fault, and the place in the file.
 */

import * as z from "zod";
import type { Contents } from "../input/contents.ts";
import type { Read } from "../input/document.ts";
import { formatPath, type Path, type Place } from "../input/places.ts";
import { contains, isIpv6, isLoopback, isPublic } from "../wire/address.ts";
import { formatEndpoint } from "../wire/endpoint.ts";
import type { ApiConfig, ClusterConfig, Config, EtcdConfig } from "./config.ts";

export type WarningId =
  | "known-seed"
  | "whole-ipv6"
  | "modulo"
  | "mtu"
  | "on-link"
  | "last-resort"
  | "plain-etcd"
  | "plain-api"
  | "short-interval";

/** What there is to say, wherever it stands. */
interface Advice {
  readonly id: WarningId;
  readonly path: Path;
  /** What the configuration says. */
  readonly found: string;
  /** What this does. */
  readonly why: string;
  /** What a person should do, or decide. */
  readonly decide: string;
}

export interface Warning extends Omit<Advice, "path">, Place {
  readonly file: string;
  /** Such as `clusters[0].seed`. Where the file leaves the key out, the place is that of the mapping without it. */
  readonly key: string;
}

/** What is to be said of a configuration, in the order of the file. */
export function warningsOf(
  config: Config,
  { contents, placeOf }: Omit<Read<unknown>, "value">,
): Warning[] {
  const advice = config.clusters.flatMap((cluster, index) => {
    const path = ["clusters", index];
    return [
      ...aboutSeed(cluster, path),
      ...aboutIpv6Clients(cluster, path),
      ...aboutAlgorithm(cluster, path),
      ...aboutMtus(cluster, path, contents, config.dispatcher.mtu),
      ...(config.fleet === undefined ? [] : aboutFleet(cluster, path, config)),
    ];
  });
  return [...advice, ...aboutPair(config), ...aboutEtcd(config.fleet?.etcd), ...aboutApi(config.api)].map((
    { path, ...rest },
  ) => ({
    ...rest,
    ...placeOf(path),
    key: formatPath(path),
  }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/** A cluster is for the world when one of its addresses is public. */
function aboutSeed({ name, seed, addresses }: ClusterConfig, path: Path): Advice[] {
  const open = addresses.find(isPublic);
  if (seed !== 0 || open === undefined) return [];
  return [{
    id: "known-seed",
    path: [...path, "seed"],
    found: `cluster ${name} has the public address ${open}, and the seed 0, which everybody knows`,
    why: "who has many addresses can choose those that lead to one backend, and overload it",
    decide:
      'let "oneip config seed" make a seed, and keep it secret; with another seed most clients change their backend once',
  }];
}

function aboutIpv6Clients({ name, mask, addresses }: ClusterConfig, path: Path): Advice[] {
  if (mask.ipv6 <= 64 || !addresses.some(isIpv6)) return [];
  return [{
    id: "whole-ipv6",
    path: [...path, "mask", "ipv6"],
    found: `cluster ${name} hashes ${mask.ipv6} bits of an IPv6 client's address`,
    why:
      "a client owns a /64: it changes its address now and then (RFC 8981), or at will, and meets another backend",
    decide: "use mask: {ipv6: 64}, so that a /64 is one client",
  }];
}

function aboutAlgorithm({ name, algorithm }: ClusterConfig, path: Path): Advice[] {
  if (algorithm !== "modulo") return [];
  return [{
    id: "modulo",
    path: [...path, "algorithm"],
    found: `cluster ${name} has the algorithm modulo`,
    why:
      "when a backend dies or returns, most of all clients change their backend and lose their connections",
    decide: "use maglev, unless you want to see that",
  }];
}

/** Linux believes no path MTU below this: `min_pmtu` in ip-sysctl.rst. */
const LEAST_BELIEVED_MTU = 552;

function aboutMtus({ backends }: ClusterConfig, path: Path, contents: Contents, linkMtu: number): Advice[] {
  return backends.flatMap(({ name }, index): Advice[] => {
    const mtuPath = [...path, "backends", index, "mtu"];
    const mtu = contents.at(mtuPath, z.int())?.value;
    if (mtu === undefined) return [];
    if (mtu > linkMtu) {
      return [{
        id: "mtu",
        path: mtuPath,
        found: `the way to backend ${name} has MTU ${mtu}, and the link before it ${linkMtu}`,
        why: `no larger packet than ${linkMtu} gets to it, so the dispatcher goes by that`,
        decide: "leave it out, or correct dispatcher.mtu",
      }];
    }
    if (mtu >= LEAST_BELIEVED_MTU) return [];
    return [{
      id: "mtu",
      path: mtuPath,
      found: `the way to backend ${name} has MTU ${mtu}`,
      why: `hosts believe in no way with less than ${LEAST_BELIEVED_MTU}, so their larger packets are lost`,
      decide: "measure it anew",
    }];
  });
}

/** Below this, a machine that is busy for less than a tenth of a second is taken for dead. */
const SHORT_INTERVAL_MS = 30;

function aboutPair({ dispatcher: { vrrp } }: Config): Advice[] {
  if (vrrp === undefined || vrrp.intervalMs >= SHORT_INTERVAL_MS) return [];
  return [{
    id: "short-interval",
    path: ["dispatcher", "vrrp", "interval"],
    found: `the active one of the pair advertises each ${vrrp.intervalMs} ms`,
    why:
      `the other one takes over when it has heard nothing for ${3 * vrrp.intervalMs} to ${
        4 * vrrp.intervalMs
      } ms, ` +
      "and a busy machine may be late by that",
    decide: `use ${SHORT_INTERVAL_MS}ms or more, unless both machines have time`,
  }];
}

/** Of a cluster that is reached by route alone. */
function aboutFleet(
  { name, addresses, noBackend }: ClusterConfig,
  path: Path,
  { dispatcher, fleet }: Config,
): Advice[] {
  const onLink = addresses.findIndex((address) =>
    dispatcher.addresses.some((link) => contains(link, address))
  );
  return [
    ...(onLink < 0 ? [] : [{
      id: "on-link" as const,
      path: [...path, "addresses", onLink],
      found: `the address ${
        addresses[onLink]
      } of cluster ${name} is within the network of the dispatcher's own link`,
      why: "machines of that link ask by ARP who has it, and in a fleet nobody answers",
      decide:
        "use an address outside of it, or give the machines of the link a route by way of the dispatchers",
    }]),
    ...(fleet?.bird === undefined || noBackend === "reject" ? [] : [{
      id: "last-resort" as const,
      path: [...path, "noBackend"],
      found: `cluster ${name} has noBackend: last-resort, and BIRD announces its routes`,
      why:
        "when no backend is live the routes are withdrawn, so nothing comes that could go to a last resort",
      decide: "leave it out",
    }]),
  ];
}

function aboutEtcd(etcd: EtcdConfig | undefined): Advice[] {
  const plain = etcd?.endpoints.find((endpoint) => /^http:\/\/(?!127\.|\[::1\]|localhost:)/.test(endpoint));
  if (etcd?.user === undefined || plain === undefined) return [];
  return [{
    id: "plain-etcd",
    path: ["fleet", "etcd", "passwordFile"],
    found: `the password of ${etcd.user} goes to ${plain} without TLS`,
    why: "who is on the way can read it, and then write the configuration of all dispatchers",
    decide: "let etcd listen with a certificate, and use https:// and fleet.etcd.ca",
  }];
}

function aboutApi({ listen, tls }: ApiConfig): Advice[] {
  const open = listen.find(({ address }) => !isLoopback(address));
  if (tls !== undefined || open === undefined) return [];
  return [{
    id: "plain-api",
    path: ["api", "listen"],
    found: `the API is reached by other machines at ${formatEndpoint(open)}, without TLS`,
    why: "who is on the way can read the token, and then command the dispatcher",
    decide: "give it a certificate with api.tls, or listen at 127.0.0.1 and let others come by ssh -L",
  }];
}
