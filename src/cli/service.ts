/** `oneip service`: the dispatcher as a service of systemd. */

import { Command, Option } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { launcher } from "../system/installation.ts";

export function serviceCommand() {
  return new Command("service")
    .description("the dispatcher as a service of systemd")
    .addHelpText("after", "\nExample:\n  oneip service install --print")
    .enablePositionalOptions()
    .addCommand(install())
    .addCommand(uninstall());
}

const rootOption = () => new Option("--root <dir>", "the folder that has /etc/systemd/system").default("/");

function install() {
  return new Command("install")
    .description("put the unit of the dispatcher in place; one that is not ours is not overwritten")
    .option("-c, --config <file>", "configuration file", "/etc/oneip/oneip.yaml")
    .addOption(
      new Option("--runtime <runtime>", "what it runs on").choices(["deno", "node"] as const).default(
        "deno" as const,
      ),
    )
    .addOption(rootOption())
    .option("--print", "print it and install nothing")
    .option("--json", "print JSON: {path, changed}")
    .addHelpText(
      "after",
      "\nExamples:\n  oneip service install --print\n  oneip service install -c /etc/oneip/oneip.yaml --root /mnt",
    )
    .action(async ({ config, runtime, root, print, json }) => {
      const program = launcher();
      const options = { program, config: resolve(config), runtime };
      if (print) {
        const { unitText } = await import("../service/unit.ts");
        return console.log(unitText(options).trimEnd());
      }
      const { install } = await import("../service/install.ts");
      const installed = install(root, options);
      if (json) return console.log(JSON.stringify(installed, null, 2));
      console.log(installed.changed ? `Wrote ${installed.path}` : `${installed.path} was right already`);
      console.log("Then: systemctl daemon-reload && systemctl enable --now oneip");
      if (/^\/(home|root|run\/user)\//.test(program)) {
        console.error(
          `The service's user cannot read ${program}; move the checkout, for example to /opt/oneip`,
        );
      }
    });
}

function uninstall() {
  return new Command("uninstall")
    .description("remove the unit of the dispatcher, if it is ours; none there is no fault")
    .addOption(rootOption())
    .option("--json", "print JSON: {path, changed}")
    .addHelpText("after", "\nExample:\n  oneip service uninstall")
    .action(async ({ root, json }) => {
      const { uninstall } = await import("../service/install.ts");
      const { path, changed } = uninstall(root);
      if (json) return console.log(JSON.stringify({ path, changed }, null, 2));
      console.log(changed ? `Removed ${path}\nThen: systemctl daemon-reload` : `There was no ${path}`);
    });
}
