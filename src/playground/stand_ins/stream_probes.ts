/**
 * For health/http_probe.ts and health/exec_probe.ts: a browser lends a page neither HTTP over connections of its own, nor TLS, nor
 * programs. A backend counts as healthy when it takes a connection at the port, or where there is none, when it answers an echo request.
 */

import type { Begin } from "../../health/attempt.ts";
import { icmpProbe } from "../../health/icmp_probe.ts";
import { tcpProbe } from "../../health/tcp_probe.ts";

export const httpProbe: Begin = tcpProbe;
export const execProbe: Begin = icmpProbe;
