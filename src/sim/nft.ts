/**
 * What nft would make of an agent's commands: which buckets the kernel takes, and until when; and, by that, which frames it lets in.
 * The rules themselves are in filter/rules/rules.ts, and whom a frame belongs to is decided by filter/rules/accepts.ts.
 */

import type { ClusterConfig, Config } from "../config/config.ts";
import { accepts, BackendFilter } from "../filter/rules/accepts.ts";
import { BucketSet } from "../filter/rules/bucket_set.ts";
import type { Clock } from "../system/clock.ts";
import type { Octets } from "./net/port.ts";
