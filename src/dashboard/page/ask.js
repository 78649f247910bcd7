/** Asks the dispatcher that has served this page. Its token comes behind the `#` of the address, or from the field for it. */

const KEPT_AS = "oneip.token";

/** So long an answer may take. */
const ANSWER_MS = 10_000;

/** What is wrong, in the dispatcher's own words. */
export class Refusal extends Error {
  /**
   * @param {number} status of HTTP
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** It wants another token, or one at all. */
  get isForToken() {
    return this.status === 401 || this.status === 403;
  }
}

/** Takes the token out of the address, so that it is in no bookmark and no screenshot. It is kept for this tab alone. */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  keepToken(token);
  history.replaceState(null, "", location.pathname);
}

/** @param {string} token empty for none */
export function keepToken(token) {
  if (token === "") sessionStorage.removeItem(KEPT_AS);
  else sessionStorage.setItem(KEPT_AS, token);
}

export function hasToken() {
  return sessionStorage.getItem(KEPT_AS) !== null;
}

/**
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} Throws Refusal, or TypeError when nobody answers.
 */
export async function ask(method, path, body) {
  const response = await send(path, {
    method,
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return await response.json();
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
export async function send(path, init) {
  const headers = new Headers(init.headers);
  const token = sessionStorage.getItem(KEPT_AS);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(path, { ...init, headers, cache: "no-store" });
  if (!response.ok) throw new Refusal(response.status, await messageOf(response));
  return response;
}

/** @param {Response} response */
async function messageOf(response) {
  try {
    const { message, remedy } = (await response.json()).error;
    return remedy === undefined ? message : `${message}; ${remedy}`;
  } catch {
    return `It answers with status ${response.status}`;
  }
}
