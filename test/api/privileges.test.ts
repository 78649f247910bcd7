import { expect, test } from "vitest";
import { accountIn, accountOf } from "../../src/api/privileges.ts";

test("a user that is not there is named, with what makes one", () => {
  expect(() => accountOf("no-such-user")).toThrow(
    'dispatcher.user: there is no user "no-such-user" in /etc/passwd; make it with: useradd --system no-such-user',
  );
  expect(accountIn("# x\noneip:x:997:996::/:/bin/false\n", "oneip")).toEqual({ uid: 997, gid: 996 });
  expect(accountIn("oneip:x\n+\n", "oneip")).toBeUndefined();
});
