/**
 * Files of what no runtime can change: the kernel's rules, other programs, arithmetic, virtual time. Where the whole suite runs on
 * both runtimes, each of them runs on one. Whatever touches a TAP's threads, sockets, signals or standard output runs on both.
 */
export const HALVES: Readonly<Record<"deno" | "node", readonly string[]>> = {
  deno: [
    "test/backend/check/firewall_faults.test.ts",
    "test/cli/commands.test.ts",
    "test/cli/filter.test.ts",
    "test/cli/router.test.ts",
    "test/config/limits.test.ts",
    "test/conformance/conformance.test.ts",
    "test/docs.test.ts",
    "test/documents.test.ts",
    "test/engine/conflicts.test.ts",
    "test/engine/virtual_hour.test.ts",
    "test/filter/rules/oracle.test.ts",
    "test/kernel/mistakes.test.ts",
    "test/launcher.test.ts",
    "test/scenario/backend_faults.test.ts",
    "test/scenario/cleanup.test.ts",
    "test/scenario/demo.test.ts",
    "test/scenario/fallback.test.ts",
    "test/scenario/filter_agent.test.ts",
    "test/scenario/pair.test.ts",
    "test/scenario/ports.test.ts",
    "test/scenario/verify.test.ts",
    "test/scenario/verify_at_start.test.ts",
    "test/scenario/vlan.test.ts",
    "test/table/bucket_map.test.ts",
    "test/table/hash.test.ts",
    "test/verify/own_machine.test.ts",
    "test/vrrp/pair.test.ts",
    "test/vrrp/rfc9568.test.ts",
  ],
  node: [
    "test/api/counters.test.ts",
    "test/api/metrics.test.ts",
    "test/api/running.test.ts",
    "test/benchmark/frames.test.ts",
    "test/capture/reader.test.ts",
    "test/capture/writer.test.ts",
    "test/cli/fast_path.test.ts",
    "test/cli/status.test.ts",
    "test/cluster/save_changes.test.ts",
    "test/config/config.test.ts",
    "test/config/health.test.ts",
    "test/console/history.test.ts",
    "test/console/words.test.ts",
    "test/dashboard/files.test.ts",
    "test/dashboard/history.test.ts",
    "test/engine/dropped.test.ts",
    "test/engine/faults.test.ts",
    "test/engine/health.test.ts",
    "test/engine/live_capture.test.ts",
    "test/engine/reload.test.ts",
    "test/engine/scale.test.ts",
    "test/engine/states.test.ts",
    "test/engine/takeover.test.ts",
    "test/engine/transitions.test.ts",
    "test/filter/agent/agent_loop.test.ts",
    "test/filter/agent/membership.test.ts",
    "test/filter/rules/update.test.ts",
    "test/health/prober.test.ts",
    "test/health/tcp_stream.test.ts",
    "test/kernel/assembler.test.ts",
    "test/kernel/counts.test.ts",
    "test/kernel/tap.test.ts",
    "test/lab/foreign.test.ts",
    "test/lab/names.test.ts",
    "test/path/answers.test.ts",
    "test/path/any_octets.test.ts",
    "test/path/heard_answer.test.ts",
    "test/path/router.test.ts",
    "test/scenario/backend_setup.test.ts",
    "test/scenario/backend_silence.test.ts",
    "test/scenario/broadcast.test.ts",
    "test/scenario/dashboard.test.ts",
    "test/scenario/fast_path.test.ts",
    "test/scenario/nginx.test.ts",
    "test/scenario/router.test.ts",
    "test/scenario/verify_faults.test.ts",
    "test/service/install.test.ts",
    "test/top/feed.test.ts",
    "test/top/screen.test.ts",
    "test/verify/verification.test.ts",
    "test/wire/ipv4.test.ts",
  ],
};

const isShared = process.env["ONEIP_TEST_SHARED"] === "true";

/** The files that this runtime leaves to the other. `ONEIP_TEST_SHARED=true`: the other runs them (scripts/test). */
export function leftToOther(runtime: "deno" | "node"): readonly string[] {
  return isShared ? HALVES[runtime === "deno" ? "node" : "deno"] : [];
}

/** The cases of a costly test, of which each runtime runs its own where the whole suite runs on both, and all of them elsewhere. */
export function casesOf<T>(runtime: "deno" | "node", cases: Readonly<Record<"deno" | "node", T>>): T[] {
  return isShared ? [cases[runtime]] : Object.values(cases);
}
