/** What the commands of a console are: those of cliffy, and what is known of their parameters besides. */

import type { Command, Commands, Parameter } from "cliffy";

export interface ConsoleParameter extends Parameter {
  /** No other words will do. */
  readonly words?: readonly string[];
  /** Words that will do, for Tab: names, as they are now. */
  readonly names?: () => Promise<readonly string[]>;
}

export interface ConsoleCommand extends Command {
  readonly parameters?: ConsoleParameter[];
  readonly subcommands?: Record<string, ConsoleCommand>;
}

export type ConsoleCommands = Record<string, ConsoleCommand> & Commands;
