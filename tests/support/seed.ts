import fc from "fast-check";

// A fixed seed gives the same cases on every machine, so that a failure can be reproduced. Other cases: FC_SEED=7 npm
// run test:unit
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_121) });
