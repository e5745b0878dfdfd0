import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { publishedAddresses } from "../../cli/compose/docker";

describe("addresses of a running container", () => {
  const Ports = {
    "8080/tcp": [
      { HostIp: "203.0.113.7", HostPort: "443" },
      { HostIp: "2001:db8::7", HostPort: "443" },
    ],
    "8083/tcp": [{ HostIp: "203.0.113.7", HostPort: "80" }],
    "9000/tcp": null,
  };
  const of = (kind: string) =>
    publishedAddresses({ NetworkSettings: { Ports }, Config: { Labels: { "longshore.kind": kind } } });

  it("leave out the proxy's port that only redirects to HTTPS", () => {
    assert.deepEqual(of("edge"), ["203.0.113.7:443", "[2001:db8::7]:443"]);
    assert.deepEqual(of("service"), ["203.0.113.7:443", "203.0.113.7:80", "[2001:db8::7]:443"]);
  });
});
