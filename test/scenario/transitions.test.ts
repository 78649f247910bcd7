import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, request } from "oneip";
import { needsTap } from "../needs.ts";
import { Connections } from "./connections.ts";
import type { Became } from "./connections_probe.ts";
import {
  clients,
  clients6,
  CLUSTER,
  CLUSTER6,
  expected,
  labWith,
  lastReport,
  logged,
  withFastPath,
} from "./labs.ts";
import { printedThere } from "./oneip_there.ts";

/** Each with four connections: 200 in all. */
const CLIENTS = [...clients(25), ...clients6(25)];

describe.skipIf(needsTap())("connections while buckets move", () => {
  let lab: Lab;
  let connections: Connections;
  beforeAll(async () => {
    // However slow the machine is, no transition ends while this runs.
    lab = await labWith("moves", (config) =>
      withFastPath(config).replace("bridge:", "queues: 2\n  bridge:")
        .replace("    backends:", "    transition: {idle: 24h, most: 24h}\n    backends:"));
    // A small window, so that no download is wholly in the client's kernel when its backend dies.
    await lab.node("client1").exec("sysctl", "-qw", "net.ipv4.tcp_rmem=4096 131072 262144");
    connections = new Connections(lab.node("client1"));
  });
  afterAll(async () => {
    await connections?.end();
    await lab?.down();
  });

  const linesSoFar = () => lab.node("lb").program!.log.split("\n").length - 1;
  const unplug = async (web: string, address: string) => {
    const from = linesSoFar();
    await lab.node("lan").exec("ip", "link", "set", web, "down");
    await logged(lab.node("lb"), "does not answer", address, from);
  };
  const plugIn = async (web: string, address: string) => {
    const from = linesSoFar();
    await lab.node("lan").exec("ip", "link", "set", web, "up");
    await logged(lab.node("lb"), '"msg":"neighbor answers"', address, from);
  };
  const owners = async () => {
    const answers = [
      ...await request(lab.node("client1"), clients(25), `http://${CLUSTER}/`),
      ...await request(lab.node("client1"), clients6(25), `http://[${CLUSTER6}]/`),
    ];
    return Object.fromEntries(answers.map(({ client, backend }) => [client, backend]));
  };
  const cut = (all: readonly Became[]) => all.filter(({ cut }) => cut !== undefined);

  test("a backend returns: its stand-ins keep 200 connections of all kinds, and new ones are its own at once", async () => {
    await unplug("web2", "10.0.0.12");
    expect(await connections.open(CLIENTS)).toBe(200);
    await plugIn("web2", "10.0.0.12");
    expect(await owners()).toEqual(expected(CLIENTS));
    const all = await connections.goOn();
    expect(cut(all)).toEqual([]);
    const without = expected(CLIENTS, ["web2"]);
    expect(all.filter(({ client, last }) => last !== without[client]), "with whom they began").toEqual([]);
  });

  test("a drain and two other weights on top of each other, and all of it back: nothing is cut", async () => {
    const tell = (...words: string[]) => printedThere(lab.node("lb"), ...words);
    expect(await connections.open(CLIENTS)).toBe(200);
    await tell("drain", "web1");
    expect(Object.values(await owners())).not.toContain("web1");
    const some = CLIENTS.filter((client) => expected([client])[client] === "web1");
    const more = 4 * some.length;
    expect(await connections.open(some)).toBe(200 + more);
    await tell("weight", "web4", "2");
    await tell("weight", "web2", "4");
    expect(await connections.open(some)).toBe(200 + 2 * more);
    await tell("weight", "web2", "1");
    await tell("weight", "web4", "1");
    await tell("undrain", "web1");
    expect(await owners()).toEqual(expected(CLIENTS));
    const all = await connections.goOn();
    expect(cut(all)).toEqual([]);
    expect(all.filter(({ first, last }) => first !== undefined && first !== last), "with whom they began")
      .toEqual([]);
  });

  test("a backend dies: its own connections are cut, and no other", async () => {
    expect(await connections.open(CLIENTS)).toBe(200);
    await unplug("web3", "10.0.0.13");
    const owner = expected(CLIENTS);
    const lost = new Set(cut(await connections.goOn()).map(({ client, kind }) => `${client} ${kind}`));
    const kinds = ["idle", "keep-alive", "download", "upload"];
    const theirs = CLIENTS.filter((client) => owner[client] === "web3")
      .flatMap((client) => kinds.map((kind) => `${client} ${kind}`));
    expect([...lost].sort()).toEqual(theirs.sort());
    expect(await owners()).toEqual(expected(CLIENTS, ["web3"]));
    await plugIn("web3", "10.0.0.13");
  });

  test("the last counters tell of them", async () => {
    await lab.node("lb").program!.stop();
    const { buckets, remembered, unremembered } = lastReport(lab.node("lb")).transitions["web"]!;
    expect(buckets).toBeGreaterThan(1000);
    expect(remembered).toBeGreaterThan(0);
    expect(unremembered).toBe(0);
  });
});
