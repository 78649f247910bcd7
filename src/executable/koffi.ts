/** koffi, whose own loader looks for its library in node_modules. */

import { createRequire } from "node:module";
import { ownFile } from "./installation.ts";

export default createRequire(import.meta.url)(ownFile("koffi.node"));
