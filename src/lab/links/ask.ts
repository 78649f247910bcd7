/** Asks the program that carries a lab's faulty links. */

import { existsSync } from "node:fs";
import { DescriptorSocket, isLeft, send } from "../../device/handed_descriptors.ts";
import { UsageError } from "../../input/errors.ts";
import { until } from "../../system/until.ts";
import { carrierFiles } from "./files.ts";
import { type CarrierAnswer, type CarrierRequest, type DirectionState, LONGEST_MESSAGE } from "./plan.ts";

let asked = 0;

/** `folder`: the lab's. Throws UsageError with what the program says is wrong with the request, and when it does not run. */
export async function ask(
  folder: string,
  request: Omit<CarrierRequest, "answerTo">,
): Promise<readonly DirectionState[]> {
  const { socket, log } = carrierFiles(folder);
  needProgram(socket, log);
  const own = new DescriptorSocket(`${socket}.${process.pid}.${++asked}`, LONGEST_MESSAGE);
  try {
    send(socket, JSON.stringify({ ...request, answerTo: own.path }));
    const text = await until("the program of the links answers", () => {
      const { text } = own.receive();
      if (text === "") needProgram(socket, log);
      return text !== "" && text;
    });
    const answer = JSON.parse(text) as CarrierAnswer;
    if ("error" in answer) throw new UsageError(answer.error);
    return answer.directions;
  } finally {
    own.close();
  }
}

function needProgram(socket: string, log: string): void {
  if (existsSync(socket) && !isLeft(socket)) return;
  throw new UsageError(
    `The links of this lab are gone: their program has ended; its last words are in ${log}`,
  );
}
