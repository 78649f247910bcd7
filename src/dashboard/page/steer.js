/** Steers the dispatcher, and says what came of it. */

import { ask, Refusal } from "./ask.js";
import { known } from "./known.js";

/** @typedef {import("./answers.d.ts").Backend} Backend */

/**
 * @param {Backend} backend
 * @param {"drain" | "undrain"} command
 */
export function administer(backend, command) {
  return tell(backend, command, undefined, ({ state, why }) => `${backend.name} is ${state}: ${why}`);
}

/** @param {Backend} backend @param {number} weight */
export function setWeight(backend, weight) {
  return tell(backend, "weight", { weight }, (now) => `${backend.name} has weight ${now.weight}`);
}

/**
 * @param {Backend} backend
 * @param {string} command
 * @param {object | undefined} body
 * @param {(now: Backend) => string} sentence
 */
async function tell({ cluster, name }, command, body, sentence) {
  try {
    const [inCluster, named] = [cluster, name].map(encodeURIComponent);
    const now = await ask("POST", `/v1/clusters/${inCluster}/backends/${named}/${command}`, body);
    known.told = { text: sentence(now), isError: false };
  } catch (error) {
    const isForToken = error instanceof Refusal && error.isForToken;
    known.told = {
      text: `${command} ${name}: ${/** @type {Error} */ (error).message}`,
      isError: true,
      isForToken,
    };
  }
}
