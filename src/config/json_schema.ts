/** The JSON Schema of a configuration file, by which editors complete and check it. */

import * as z from "zod";
import { configuration } from "./config.ts";

export function configJsonSchema(): object {
  return { title: "oneip configuration", ...z.toJSONSchema(configuration, { io: "input" }) };
}
