/** An interface could not be had or set up. The message names the interface, what was found and what would help. */
export class TapError extends Error {
  override name = "TapError";
}
