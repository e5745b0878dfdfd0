// One measured process: `node bench/longshore.cjs SERVICES FILE`. Loads code as the command line does.
"use strict";

require("../bin/load.cjs").load("bench/longshore.ts").main(process.argv.slice(2));
