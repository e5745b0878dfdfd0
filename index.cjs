// Where `pulumi up` enters: see index.ts. The engine calls the exported function.
module.exports = () => require("./bin/load.cjs").load("index.ts").program();
