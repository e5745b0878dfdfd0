import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { listeningSockets, portOwner } from "../../../tools/ports";

describe("port owner", () => {
  it("is this process while it listens, and no process afterwards", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const owner = await portOwner(port);
    assert.ok(owner);
    assert.equal(owner.kind, "process");
    assert.equal(owner.pid, process.pid);
    assert.match(owner.description, new RegExp(`\\(process ${process.pid}\\)$`));
    server.close();
    await once(server, "close");
    assert.equal(await portOwner(port), undefined);
  });

  it("reads listening sockets only, of that port only", () => {
    const table = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0",
      "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0",
      "   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0",
    ].join("\n");
    assert.deepEqual(listeningSockets(table, 8080), ["111"]);
    assert.deepEqual(listeningSockets(table, 80), ["333"]);
    assert.deepEqual(listeningSockets("", 80), []);
  });
});
