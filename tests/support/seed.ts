import fc from "fast-check";

// The same cases on every machine and every run, so that a red run can be repeated. Others: FC_SEED=7 npm run test:unit
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_121) });
