/** A whole configuration file, as docs/configuration.md shows it. */
export const EXAMPLE = `\
# A web server behind three machines, in IPv4 and IPv6.
dispatcher:
  interface: oneip0
  bridge: br0                     # with the network card that leads to the backends
  addresses: [10.0.0.2/24, "2001:db8::2/64"]
  gateway: [10.0.0.1, "2001:db8::1"]
  verify: refuse                  # do not start in front of backends that are not set up
clusters:
  - name: web
    addresses: [10.0.0.100, "2001:db8::100"]
    ports: [80/tcp, 443/tcp, 443/udp]
    health: {type: http, path: /healthz}
    seed: 2718281828              # one of your own, from "oneip config seed"
    mask: {ipv6: 64}              # an IPv6 client owns a /64
    fallback: broadcast           # serve on when the dispatcher is gone
    agent: {keyFile: /etc/oneip/cluster.key}
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12, weight: 2}
      - {name: web3, address: 10.0.0.13, mtu: 1400}
api: {listen: 127.0.0.1:8080}     # to be read on this machine
`;
