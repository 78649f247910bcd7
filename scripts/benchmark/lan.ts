/** A dispatcher on one bridge with other machines, as text of a topology, and a certificate for their servers. */

import { runChecked } from "../../src/system/programs.ts";

/** `nodes`: of each other machine, by name, what stands in its mapping. The dispatcher `lb` goes by `oneip.yaml` beside the topology. */
export function lanTopology(name: string, nodes: Readonly<Record<string, string>>): string {
  const all = Object.entries(nodes).map(([node, keys]) => `    ${node}:\n${keys}`);
  const links = ["lb", ...Object.keys(nodes)].map((node) =>
    `    - endpoints: ["${node}:eth1", "lan:${node}"]`
  );
  return `
name: ${name}
topology:
  nodes:
    lan: {kind: bridge}
    lb:
      kind: oneip
      startup-config: oneip.yaml
      exec:
        - ip link add br0 type bridge forward_delay 0
        - ip link set eth1 master br0
        - ip link set br0 up
${all.join("\n")}
  links:
${links.join("\n")}
`;
}

/** `server.key` and `server.pem` in this folder. */
export async function makeCertificate(folder: string): Promise<void> {
  const files = ["-keyout", `${folder}/server.key`, "-out", `${folder}/server.pem`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=www.example.com", "-days", "2"];
  await runChecked(["openssl", "req", "-x509", ...curve, ...files, ...subject]);
}
