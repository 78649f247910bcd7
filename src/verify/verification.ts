/**
 * Are the backends set up right? The procedure by which a person verifies them from another machine of the link (set the ARP
 * entry of the cluster address by hand to each backend in turn, then ping), done with frames of our own, so that no machine's
 * tables are touched:
 *
 *     we                                              they
 *     who has CLUSTER? (to all, and to each backend)  nobody may answer
 *     who has BACKEND?                                its MAC
 *     echo request to CLUSTER, at that MAC            echo reply from CLUSTER
 *     SYN to CLUSTER, at that MAC, each TCP port      SYN-ACK from CLUSTER; RST from us
 *
 * Meanwhile no backend's own questions may name the cluster address as their sender's.
 */

import { formatMac, type Mac } from "../wire/address.ts";
import {
  type Acceptance,
  faultOfSilence,
  faultsOfAcceptance,
  isAccepted,
  isLost,
  type Machine,
} from "./acceptance_faults.ts";
import { type Claims, faultOfOwnAddress, faultsOfClaims } from "./claim_faults.ts";
import type { Config } from "../config/config.ts";
import { Exchange, type ExchangeEvents } from "../link/exchange.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Claim } from "../link/claim.ts";
import { isOfPair } from "../link/shared_claim.ts";
import type { LinkFrames } from "../link/link_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Answer, PacketFrames } from "../link/packet_frames.ts";
import { type Backend, backendsOf, withoutTcpPort } from "./verified_backends.ts";
import type { Fault } from "../fault/fault.ts";
import { reportOf, type VerificationReport } from "./report.ts";

export interface VerificationOptions extends ExchangeEvents {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly frames: LinkFrames;
  readonly packets: PacketFrames;
  /** Asks for a backend's MAC. */
  question(address: string): Frame;
}

/** Tokens of questions: IANA's dynamic ports, RFC 6335 section 6. */
const FIRST_TOKEN = 49_152;
const TOKENS = 16_384;

/** More machines than have ever been set up wrong at once: the rest are forgeries. */
const MOST_CLAIMS = 1024;

/** What came of one. */
interface Examined {
  readonly backend: Backend;
  readonly mac: Mac | undefined;
  readonly acceptances: readonly Acceptance[];
}

export class Verification {
  readonly #options: VerificationOptions;
  readonly #exchange: Exchange<Answer | Claim>;
  readonly #clusters: readonly string[];
  readonly #own: readonly string[];
  readonly #backends: readonly Backend[];
  /** By address and MAC. */
  readonly #claims = new Map<string, Claims>();
  /** MACs of backends, as text. */
  readonly #known = new Set<string>();
  /** By token: the MAC, as text, of the machine that was asked. */
  readonly #asked = new Map<number, string>();
  #token: number;

  constructor(options: VerificationOptions) {
    const { dispatcher, clusters } = options.config;
    this.#options = options;
    this.#token = Math.floor(options.random.share() * TOKENS);
    this.#exchange = new Exchange(options, options.clock);
    this.#clusters = clusters.flatMap(({ addresses }) => addresses);
    this.#own = dispatcher.addresses.map(({ address }) => address);
    this.#backends = backendsOf(options.config);
  }

  /**
   * Verifies everything: in a second when all is well, in up to three when somebody is silent. Hundreds of backends take longer:
   * an Exchange begins only so many questions a second.
   */
  async run(): Promise<VerificationReport> {
    const duplicates = Promise.all(this.#own.map((address) => this.#listen(address)));
    const examined = await this.#examineAll(this.#backends);
    await Promise.all(this.#clusters.map((address) => this.#listen(address)));
    await duplicates;
    return this.#report(examined, [...this.#claims.values()]);
  }

  /** Verifies the backends with these addresses, and does not listen for other machines: in no time when all is well. */
  async runFor(addresses: ReadonlySet<string>): Promise<VerificationReport> {
    const examined = await this.#examineAll(this.#backends.filter(({ address }) => addresses.has(address)));
    this.#options.catchUp();
    // What another machine says meanwhile is another verification's affair: this one does not know whose it is.
    const claims = [...this.#claims.values()].filter((claims) => machineOf(claims, examined) !== undefined);
    return this.#report(examined, claims);
  }

  /** An answer to an echo request or a SYN came. Nobody may have asked. */
  heardAnswer(answer: Answer): void {
    const from = formatMac(answer.mac.high, answer.mac.low);
    // A backend without the cluster address may have passed the question on, and then another one has answered.
    const isAnothers = this.#known.has(from) && this.#asked.get(answer.token) !== from;
    if (!isAnothers) this.#exchange.answer(answer.token, answer);
  }

  /** A machine says that it has an address: an answer to a question of ours, or a claim that nobody asked for. */
  heardClaim(claim: Claim): void {
    const { address, mac, isAsking, toNobody } = claim;
    const own = this.#options.config.dispatcher.mac;
    // A link that sends back what we send says nothing.
    if (isAsking && mac.high === own.high && mac.low === own.low) return;
    if (isOfPair(this.#options.config, claim)) return;
    if (!this.#clusters.includes(address) && !this.#own.includes(address)) {
      if (!isAsking) this.#exchange.answer(address, claim);
      return;
    }
    const key = `${address} ${formatMac(mac.high, mac.low)}`;
    if (!this.#claims.has(key) && this.#claims.size === MOST_CLAIMS) return;
    const claims = this.#claims.get(key) ??
      { address, mac, answers: false, answersNobody: false, asks: false };
    this.#claims.set(key, claims);
    if (isAsking) claims.asks = true;
    else claims.answers = true;
    if (toNobody) claims.answersNobody = true;
  }

  /** Ends it: what has not been answered counts as silence. */
  stop(): void {
    this.#exchange.stop();
  }

  /** Asks everyone for an address that nobody else may have, as one who is nobody and as ourselves. */
  async #listen(address: string): Promise<void> {
    const { frames } = this.#options;
    const isOwn = this.#own.includes(address);
    await this.#exchange.ask(
      `silence of ${address}`,
      frames.probe(address),
      ...(isOwn ? [] : [frames.question(address, undefined)]),
    );
  }

  #examineAll(backends: readonly Backend[]): Promise<Examined[]> {
    return Promise.all(backends.map((backend) => this.#examine(backend)));
  }

  async #examine(backend: Backend): Promise<Examined> {
    const found = await this.#exchange.ask(backend.address, this.#options.question(backend.address));
    if (found === undefined) return { backend, mac: undefined, acceptances: [] };
    const { mac } = found;
    this.#known.add(formatMac(mac.high, mac.low));
    const acceptances = await Promise.all(
      backend.services.filter(({ cluster }) => this.#options.packets.ownAddressFor(cluster) !== undefined)
        .map((
          { cluster, ports },
        ) => this.#accepts(backend, mac, cluster, ports)),
    );
    return { backend, mac, acceptances };
  }

  async #accepts(backend: Backend, mac: Mac, cluster: string, ports: readonly number[]): Promise<Acceptance> {
    const [echo, ...connected] = await Promise.all([
      this.#echo(cluster, mac),
      ...ports.map((port) => this.#connect(cluster, mac, port)),
    ]);
    const isAllLost = [echo, ...connected].every(isLost);
    // Asked only now, since whoever answers learns our MAC, and might never have to ask for it. One that is silent about it, but
    // answers the echo request behind it, will not answer any more.
    const { frames } = this.#options;
    const whoHas = [frames.probe(cluster, mac), frames.question(cluster, mac)];
    const [again, ...own] = await Promise.all([
      this.#echo(isAllLost ? backend.address : cluster, mac, whoHas),
      ...connected.map((answer, index) =>
        answer?.kind === "closed" ? this.#connect(backend.address, mac, ports[index]!) : undefined
      ),
    ]);
    return {
      cluster,
      echo,
      ownEcho: isAllLost ? again : undefined,
      ports: ports.map((port, index) => ({ port, answer: connected[index], ownAnswer: own[index] })),
    };
  }

  #echo(to: string, mac: Mac, before: readonly Frame[] = []): Promise<Answer | undefined> {
    const { packets } = this.#options;
    return this.#ask(mac, (token) => packets.echo(packets.ownAddressFor(to)!, to, mac, token), before);
  }

  #connect(to: string, mac: Mac, port: number): Promise<Answer | undefined> {
    const { packets } = this.#options;
    return this.#ask(mac, (token) => packets.syn(packets.ownAddressFor(to)!, to, mac, token, port));
  }

  async #ask(
    mac: Mac,
    frame: (token: number) => Frame,
    before: readonly Frame[] = [],
  ): Promise<Answer | undefined> {
    this.#token = (this.#token + 1) % TOKENS;
    const token = FIRST_TOKEN + this.#token;
    this.#asked.set(token, formatMac(mac.high, mac.low));
    return await this.#exchange.ask(token, ...before, frame(token)) as Answer | undefined;
  }

  #report(examined: readonly Examined[], claims: readonly Claims[]): VerificationReport {
    const rows = examined.map(({ backend: { name, address }, mac }) => (
      { name, address, mac: mac === undefined ? null : formatMac(mac.high, mac.low) }
    ));
    const untried = withoutTcpPort(this.#options.config);
    const taken = claims.find(({ address }) => this.#own.includes(address));
    if (taken !== undefined) {
      return reportOf(rows, [faultOfOwnAddress(taken, this.#options.config.dispatcher.mac)], untried);
    }
    const loud = claims.flatMap((claims) => {
      const machine = machineOf(claims, examined);
      const acceptance = machine?.acceptances.find(({ cluster }) => cluster === claims.address);
      return faultsOfClaims(
        claims,
        machine?.backend.name,
        acceptance !== undefined && isAccepted(acceptance),
      );
    });
    return reportOf(rows, [...this.#faultsOfFamilies(), ...loud, ...examined.flatMap(faultsOf)], untried);
  }

  #faultsOfFamilies(): Fault[] {
    return this.#clusters.filter((cluster) => this.#options.packets.ownAddressFor(cluster) === undefined).map(
      (cluster) => ({
        id: "no-own-address",
        or: [],
        backend: null,
        mac: null,
        clusters: [cluster],
        found: `dispatcher.addresses has no IPv4 address to ask for ${cluster} from`,
        why: "whether the backends take what is sent to this cluster address cannot be verified",
        mend: [],
        decide: "add an IPv4 address to dispatcher.addresses",
      }),
    );
  }
}

function machineOf({ mac: { high, low } }: Claims, examined: readonly Examined[]): Examined | undefined {
  return examined.find(({ mac }) => mac?.high === high && mac.low === low);
}

function faultsOf({ backend, mac, acceptances }: Examined): Fault[] {
  if (mac === undefined) return [faultOfSilence(backend.name, backend.address)];
  const machine: Machine = { name: backend.name, address: backend.address, mac };
  return acceptances.flatMap((acceptance) => faultsOfAcceptance(acceptance, machine));
}
