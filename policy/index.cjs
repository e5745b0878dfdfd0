// The policy pack, as `pulumi preview --policy-pack policy` loads it.
"use strict";
require("../bin/load.cjs").load("policy/pack.ts").servePack();
