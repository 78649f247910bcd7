/** Where no backend answers at all, the cause may be on our own side: an interface that leads to nobody. */

import { bridgeOf } from "../device/links.ts";
import type { Fault } from "../fault/fault.ts";
import { reportOf, type VerificationReport } from "./report.ts";

/** The report, in which that cause stands in place of every backend's silence. */
export function explainSilence(report: VerificationReport, interfaceName: string): VerificationReport {
  const { backends, faults, untried } = report;
  if (backends.some(({ mac }) => mac !== null)) return report;
  const fault = faultOfInterface(interfaceName);
  if (fault === undefined) return report;
  return reportOf(backends, [fault, ...faults.filter(({ id }) => id !== "backend-down")], untried);
}

function faultOfInterface(interfaceName: string): Fault | undefined {
  const bridge = bridgeOf(interfaceName);
  if (bridge !== undefined && bridge.otherPorts.length > 0) return undefined;
  return {
    id: "no-other-port",
    or: [],
    backend: null,
    mac: null,
    clusters: [],
    found: bridge === undefined
      ? `"${interfaceName}" is in no bridge`
      : `bridge "${bridge.name}" has no other port than "${interfaceName}"`,
    why: "only this machine hears the dispatcher, so no backend can answer",
    mend: bridge === undefined ? [] : [["ip", "link", "set", "INTERFACE", "master", bridge.name]],
    decide: bridge === undefined
      ? "name the bridge that leads to the backends: dispatcher.bridge, or --bridge"
      : "INTERFACE is the one that leads to the backends",
  };
}
