// Entry of `pulumi preview` and `pulumi up`: see cli/engine/by-hand.ts. The engine calls the exported function.
"use strict";

const { load, userErrorIn } = require("./bin/load.cjs");

module.exports = async () => {
  try {
    return await load("cli/engine/by-hand.ts").programByHand();
  } catch (error) {
    const mistake = userErrorIn(error);
    if (mistake === undefined) {
      throw error;
    }
    // The engine then prints it without a stack trace.
    const { RunError } = require("@pulumi/pulumi");
    throw new RunError(mistake);
  }
};
