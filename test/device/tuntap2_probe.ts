/** Run in a network namespace of its own: uses the interfaces as a program written for tuntap2 would, and prints JSON. */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { Tap, Tun, tuntap } from "oneip/tuntap2";

const tap = new Tap();
const fresh = { name: tap.name, isTap: tap.isTap, isTun: tap.isTun, isUp: tap.isUp, ipv4: tap.ipv4 };
tap.mac = "02:00:00:00:00:55";
tap.ipv4 = "10.8.0.1/24";
tap.ipv6 = "2001:db8:8::1/64";
tap.ipv6 = "2001:db8:9::1/64";
tap.mtu = 1300;
tap.isUp = true;
const set = { mac: tap.mac, mtu: tap.mtu, ipv4: tap.ipv4, ipv6: tap.ipv6, isUp: tap.isUp };

// The kernel asks who has 10.8.0.2; we answer, and it sends the echo request that it held back.
const reply = (request: Buffer) => {
  const frame = Buffer.alloc(42);
  request.copy(frame, 0, 6, 12); // To the asker,
  Buffer.from("020000000066", "hex").copy(frame, 6); // from 02:00:00:00:00:66,
  request.copy(frame, 12, 12, 20);
  frame.writeUInt16BE(2, 20); // an ARP reply:
  Buffer.from("020000000066", "hex").copy(frame, 22);
  request.copy(frame, 28, 38, 42); // the address asked for is here,
  request.copy(frame, 32, 22, 32); // said to who asked.
  return frame;
};
const ping = execFileSync("sh", ["-c", "ping -c60 -W60 10.8.0.2 >/dev/null 2>&1 & echo $!"], {
  encoding: "utf8",
});
let echo: Buffer | undefined;
tap.on("data", (frame: Buffer) => {
  if (frame.readUInt16BE(12) === 0x0806 && frame.subarray(38, 42).join(".") === "10.8.0.2") {
    tap.write(reply(frame));
  }
  if (frame.readUInt16BE(12) === 0x0800 && frame[23] === 1 && echo === undefined) {
    echo = frame;
    tap.emit("echo");
  }
});
await once(tap, "echo");

const closed = new Promise((resolve) => tap.release(resolve));
const error = await closed;
const gone = !execFileSync("ip", ["-br", "link"], { encoding: "utf8" }).includes(`${fresh.name} `);

const tun = new Tun();
let tunMac = "";
try {
  tun.mac = "02:00:00:00:00:01";
} catch (error) {
  tunMac = (error as Error).message;
}
const old = tuntap({ type: "tun", mtu: 1280, addr: "10.7.0.1", mask: "255.255.0.0" });
const shim = { isTun: old.isTun, mtu: old.mtu, ipv4: old.ipv4, isUp: old.isUp };
tun.release();
old.release();

console.log(JSON.stringify({
  fresh,
  set,
  isDuplex: tap instanceof Duplex,
  echo: echo!.subarray(30, 34).join("."),
  frames: echo!.length,
  released: error,
  gone,
  tun: { isTap: tun.isTap, isTun: tun.isTun, mac: tunMac },
  shim,
  ping: Number(ping) > 0,
}));
