/** The library: what `import ... from "oneip"` gives. */

// A frame's path, without a runtime: embed it, replay captures through it, simulate with it.
export { Dispatcher } from "./path/dispatcher.ts";
export type { ClusterPlan, Plan, Port, RateLimits } from "./path/plan.ts";
export { NAMES as VERDICT_NAMES } from "./path/verdict.ts";
export { ForwardingTable } from "./table/forwarding_table.ts";
export {
  type Algorithm,
  baseMap,
  bucketOf,
  liveMap,
  type Member,
  NO_BACKEND,
  shares,
} from "./table/bucket_map.ts";
export { ofIpv4 as hashIpv4, ofIpv6 as hashIpv6 } from "./table/hash.ts";
export { type Cidr, formatMac, type Mac, parseCidr, parseIp, parseMac } from "./wire/address.ts";

// The data plane over any device, and the devices.
export { DataPlane, slotSizeFor } from "./control/data_plane.ts";
export { type Dimensions, SharedState } from "./control/shared_state.ts";
export type { Device } from "./device/device.ts";
export { type InterfaceOptions, TapError } from "./device/interface.ts";
export { MemoryDevice } from "./device/memory.ts";
export { Tap } from "./device/tap.ts";

// A whole dispatcher on a TAP, and its configuration.
export { type Config, parseConfig } from "./control/config.ts";
export { Engine, type Report } from "./control/engine.ts";
export { explain, type Explanation } from "./control/explain.ts";
export type { Fault, FaultId, VerificationReport, VerifiedBackend } from "./control/verification_report.ts";
export { verifyAlone } from "./control/verify_alone.ts";
export { InputError, type Mistake, UsageError } from "./input/errors.ts";

// The broadcast technique: a backend's own filter.
export { accepts, BackendFilter } from "./filter/accepts.ts";

// Labs.
export { Lab, type LabInfo, LabNode, type LabOptions } from "./lab/lab.ts";
export { CommandError, type Result } from "./lab/shell.ts";
export { parseTopology, type Topology } from "./lab/topology.ts";
export { type Answer, request } from "./lab/traffic.ts";
export { until } from "./lab/until.ts";
export { type Sighting, Witness } from "./lab/witness.ts";
