/** The library: what `import ... from "oneip"` gives. */

// A frame's path, without a runtime: embed it, replay captures through it, simulate with it.
export { Dispatcher } from "./path/dispatcher.ts";
export type { ClusterPlan, Plan, RateLimits } from "./path/plan.ts";
export { isHandedUp, isSent, NAMES as VERDICT_NAMES } from "./path/verdict.ts";
export { ForwardingTable, NO_GROUP, type TableSize } from "./table/forwarding_table.ts";
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
export type { Port } from "./wire/port.ts";

// The data plane over any device, and the devices.
export { DataPlane, slotSizeFor } from "./plane/data_plane.ts";
export type { Dimensions } from "./plane/dimensions.ts";
export { InlineAttachment } from "./plane/inline_attachment.ts";
export { SharedState } from "./plane/shared_state.ts";
export type { Device } from "./device/device.ts";
export type { InterfaceOptions } from "./device/interface.ts";
export { TapError } from "./device/tap_error.ts";
export { MemoryDevice } from "./device/memory.ts";
export { readCapture } from "./capture/reader.ts";
export { Tap } from "./device/tap.ts";

// A configuration: from its file, as the path needs it, and its bucket maps.
export { parseConfig } from "./config/config.ts";
export type {
  AgentConfig,
  ApiConfig,
  BackendConfig,
  ClusterConfig,
  Config,
  DispatcherConfig,
  EtcdConfig,
  FleetConfig,
  PairConfig,
  Probe,
  StatusRange,
} from "./config/meaning.ts";
export { loadConfig } from "./config/load.ts";
export { type Planned, planOf } from "./config/plan.ts";
export { ClusterMap, type Placement } from "./cluster/cluster_map.ts";
export { explain, type Explanation } from "./cluster/explain.ts";
export { InputError, type Mistake, UsageError } from "./input/errors.ts";

// A whole dispatcher, on a TAP or in memory, and its time.
export { Engine } from "./engine/engine.ts";
export type { Surroundings } from "./engine/surroundings.ts";
export type { Buckets } from "./engine/buckets.ts";
export type { Commanded, Drained } from "./engine/commanded.ts";
export type { DroppedFrame } from "./engine/dropped.ts";
export type { CaptureRequest, LiveCapture, LiveFrame } from "./engine/live_capture.ts";
export type { Report } from "./engine/report.ts";
export type { FastPathStatus } from "./plane/fast_path_status.ts";
export type { BackendStatus, ClusterStatus, Status } from "./engine/status.ts";
export type { AdministrationState, Health } from "./cluster/liveness.ts";
export { type Clock, REAL_CLOCK, type Timer } from "./system/clock.ts";
export { VirtualClock } from "./system/virtual_clock.ts";
export { type Fault, type FaultData, faultData } from "./fault/fault.ts";
export type { FaultId } from "./fault/ids.ts";
export {
  type ReportData,
  reportData,
  type VerificationReport,
  type VerifiedBackend,
} from "./verify/report.ts";
export { verifyAlone } from "./verify/verify_alone.ts";

// The broadcast technique: a backend's own filter.
export { accepts, BackendFilter } from "./filter/rules/accepts.ts";

// Labs.
export { Lab, type LabInfo, LabNode, type LabOptions } from "./lab/lab.ts";
export type { DirectionChanges, LinkChanges } from "./lab/links/changes.ts";
export { LabLink, type LinkDirection } from "./lab/links/lab_link.ts";
export { CommandError, type Result } from "./system/programs.ts";
export { parseTopology, type Topology } from "./lab/topology.ts";
export { type InspectedInterface, type InspectedLab, type InspectedNode, inspectLab } from "./lab/inspect.ts";
export { type Reply, request } from "./lab/traffic.ts";
export { until } from "./system/until.ts";
export { type ArpAnswer, type Sighting, Witness } from "./lab/witness.ts";

// What should hold in a lab, by its packets. `oneip/vitest` has it as matchers.
export { describeFinding, type Finding, must, mustNot } from "./assert/finding.ts";
export { seenFrom, type View, type ViewOptions } from "./assert/view.ts";
export { reaches, type ReachOptions } from "./assert/reach.ts";
export { answersFromCluster } from "./assert/cluster_answer.ts";
export { hasOneOwner } from "./assert/one_owner.ts";
export { keepsBackend } from "./assert/kept_backend.ts";
export { losesNoConnection } from "./assert/kept_connections.ts";
export { isBypassedByReplies } from "./assert/bypass.ts";
export type { Action } from "./assert/meanwhile.ts";

// The view from outside, from this machine or from a node of a lab.
export { type Watch, watch, type WatchOptions } from "./watch/watch.ts";
export type { Probed, Summary } from "./watch/tally.ts";
export { type NodeWatch, type NodeWatchOptions, watchFrom } from "./lab/watching.ts";
