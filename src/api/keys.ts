/** The secrets of the API by TCP, from their files: the token, and what TLS needs. */

import { createHash, createPrivateKey, timingSafeEqual, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { ApiConfig } from "../config/config.ts";
import { UsageError } from "../input/errors.ts";

/** Of a token, in characters: as many as 128 bits have in hexadecimal. */
const LEAST = 32;

/** Of a file, in octets: nobody's token or certificates are larger. */
const MOST = 1 << 20;

const MAKE_TOKEN = "(umask 077; openssl rand -hex 32 >";

export interface Keys {
  readonly token: Token | undefined;
  readonly tls: Tls | undefined;
}

/** What whoever commands the dispatcher knows. */
export class Token {
  readonly #hash: Uint8Array;

  constructor(text: string) {
    this.#hash = hashOf(text);
  }

  /** Of a request's header. How long it takes says nothing about the token. */
  isIn(authorization: string | undefined): boolean {
    const [, given] = /^bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    return given !== undefined && timingSafeEqual(hashOf(given), this.#hash);
  }
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Both in PEM. */
export class Tls {
  readonly certificate: string;
  readonly key: string;
  readonly #first: X509Certificate;

  /** Throws for what is no certificate, or no key, or not its key. */
  constructor(certificate: string, key: string) {
    this.certificate = certificate;
    this.key = key;
    this.#first = new X509Certificate(certificate);
    if (!this.#first.checkPrivateKey(createPrivateKey(key))) {
      throw new Error("the certificate is of another key");
    }
  }

  /** Is the certificate for this host? */
  isFor(host: string): boolean {
    return this.#first.checkHost(host) !== undefined;
  }
}

/**
 * Reads them for a dispatcher that runs as the user `uid`, who reads them again at each reload. Nothing is read where nobody listens.
 * Throws UsageError for a file that will not do.
 */
export function readKeys({ listen, tokenFile, tls }: ApiConfig, uid: number): Keys {
  if (listen.length === 0) return { token: undefined, tls: undefined };
  return {
    token: tokenFile === undefined ? undefined : readToken(tokenFile, uid),
    tls: tls === undefined ? undefined : readTls(tls.certificate, tls.key),
  };
}

function readToken(file: string, uid: number): Token {
  const { text, mode, owner } = read("api.tokenFile", file);
  if ((mode & 0o077) !== 0) {
    throw wrong("api.tokenFile", file, "others than its owner may read or write it", `chmod 600 ${file}`);
  }
  if (owner !== uid) {
    throw wrong(
      "api.tokenFile",
      file,
      `it belongs to user ${owner}, and the dispatcher is user ${uid}`,
      `chown ${uid} ${file}`,
    );
  }
  const token = text.trim();
  if (!/^[!-~]*$/.test(token)) {
    throw wrong("api.tokenFile", file, "it is not one word of ASCII", `${MAKE_TOKEN} ${file})`);
  }
  if (token.length < LEAST) {
    throw wrong(
      "api.tokenFile",
      file,
      `the token has ${token.length} characters, ${LEAST} are the least`,
      `${MAKE_TOKEN} ${file})`,
    );
  }
  return new Token(token);
}

function readTls(certificate: string, keyFile: string): Tls {
  const { text: chain } = read("api.tls.certificate", certificate);
  const { text: key, mode } = read("api.tls.key", keyFile);
  if ((mode & 0o007) !== 0) {
    throw wrong("api.tls.key", keyFile, "all users may read or write it", `chmod o= ${keyFile}`);
  }
  try {
    return new Tls(chain, key);
  } catch (error) {
    throw new UsageError(
      `api.tls: ${certificate} and ${keyFile} are no certificate and its key in PEM: ${
        (error as Error).message
      }`,
    );
  }
}

function read(key: string, file: string) {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new Error("it is no file");
    if (stat.size > MOST) throw new Error(`it has more than ${MOST} octets`);
    return { text: readFileSync(file, "utf8"), mode: stat.mode, owner: stat.uid };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT"
      ? "there is no such file"
      : code === "EACCES"
      ? "the dispatcher's user may not read it, which it must at each reload"
      : message;
    throw new UsageError(`${key}: ${file} cannot be used: ${why}`);
  }
}

function wrong(key: string, file: string, why: string, remedy: string): UsageError {
  return new UsageError(`${key}: ${file} cannot be used: ${why}; ${remedy}`);
}
