/** The dispatcher's unit for systemd (systemd.service(5), systemd.exec(5)). */

export interface UnitOptions {
  /** The command `oneip`, an absolute path. */
  readonly program: string;
  /** The configuration file, an absolute path. */
  readonly config: string;
  readonly runtime: "deno" | "node";
}

/** How a unit of ours begins. One that begins otherwise is left alone. */
export const MARK = "# Written by `oneip service install`, removed by `oneip service uninstall`.\n";

/** So often the manager must have heard that the data plane moves. */
const WATCHDOG = "30s";

/**
 * As a user that exists while the service runs, with what opening the TAP needs. CAP_SYS_NICE is not among it, because the priority comes
 * from here. A JIT writes code and runs it, so memory may be both.
 */
export function unitText({ program, config, runtime }: UnitOptions): string {
  const capabilities = "CAP_NET_ADMIN CAP_BPF";
  return `${MARK}
[Unit]
Description=oneip dispatcher
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=exec
WatchdogSec=${WATCHDOG}
ExecStart=${word(program)} run -c ${word(config)}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1
RestartPreventExitStatus=2
Nice=-15
Environment=ONEIP_RUNTIME=${runtime} DENO_DIR=/var/cache/oneip NODE_COMPILE_CACHE=/var/cache/oneip

DynamicUser=yes
RuntimeDirectory=oneip
RuntimeDirectoryMode=0700
CacheDirectory=oneip
UMask=0077
AmbientCapabilities=${capabilities}
CapabilityBoundingSet=${capabilities}
NoNewPrivileges=yes
DevicePolicy=closed
DeviceAllow=/dev/net/tun rw
LockPersonality=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service bpf

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line: in it a percent sign and a dollar sign would mean something, and a space would end it. */
function word(path: string): string {
  const escaped = path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll(
    "$",
    "$$$$",
  );
  return /^[\w./:=@+,%$-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
