// Where `pulumi up` enters: see index.ts. The engine calls the exported function.
"use strict";

const { load, userErrorIn } = require("./bin/load.cjs");

module.exports = async () => {
  try {
    return await load("index.ts").program();
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
