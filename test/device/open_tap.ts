/** Opens a TAP; the error, if any, on standard error. */
import { Tap } from "oneip";

try {
  new Tap({ name: "oneip9" }).close();
} catch (error) {
  console.error((error as Error).message);
}
