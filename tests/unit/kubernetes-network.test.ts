import assert from "node:assert/strict";
import { GOOGLE_FRONT_END_RANGES } from "../../render/kubernetes";
import { at, find, planOf, render, threeTierPlan, workload } from "../support/kubernetes-plan";
import { Network } from "../support/network-policies";

describe("renderKubernetes", () => {
  describe("network", () => {
    const ports = [3000, 5432, 8000];

    it("opens exactly the edges that the plan refers to", () => {
      assert.deepEqual(new Network(render(threeTierPlan())).edges(ports), [
        "backend → db:5432",
        "frontend → backend:8000",
        "migrate → db:5432",
      ]);
    });

    it("lets users in through the edge only, where a route leads", () => {
      const network = new Network(render(threeTierPlan(), { edge: { ranges: GOOGLE_FRONT_END_RANGES } }));
      assert.deepEqual(network.outside("frontend", "ingress"), { 3000: ["35.191.0.0/16", "130.211.0.0/22"] });
      assert.deepEqual(network.outside("db", "ingress"), {});
      assert.deepEqual(network.outside("migrate", "ingress"), {});
    });

    it("lets out to named hosts at their port, never to private addresses", () => {
      const objects = render(threeTierPlan());
      const policy = find(objects, "NetworkPolicy", "backend");
      assert.equal(policy.metadata.annotations?.["longshore/egress-hosts"], "api.openai.com:443");
      assert.deepEqual(new Network(objects).outside("backend", "egress"), {
        53: ["kube-system", "169.254.20.10/32"],
        443: ["0.0.0.0/0", "::/0"],
      });
      assert.ok(
        JSON.stringify(policy).includes('"169.254.0.0/16"'),
        "the metadata server must stay out of reach",
      );
      assert.deepEqual(new Network(objects).outside("db", "egress"), {});
    });

    it("reaches a managed datastore at its own address", () => {
      const plan = planOf([
        workload("app", { connects: [{ to: "datastore", datastore: "db", port: 5432 }] }),
      ]);
      assert.deepEqual(new Network(render(plan)).outside("app", "egress")[5432], ["10.20.30.40/32"]);
    });

    it("lets monitoring read metrics where there is monitoring", () => {
      const network = new Network(render(threeTierPlan(), { monitoringNamespace: "monitoring" }));
      assert.deepEqual(network.outside("backend", "ingress"), { 8000: ["ingress-nginx", "monitoring"] });
      assert.deepEqual(network.outside("frontend", "ingress"), { 3000: ["ingress-nginx"] });
    });

    it("denies everything else", () => {
      assert.deepEqual(find(render(threeTierPlan()), "NetworkPolicy", "default-deny").spec, {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
      });
    });
  });

  describe("ingress", () => {
    it("serves the routes under the host with TLS", () => {
      assert.deepEqual(find(render(threeTierPlan()), "Ingress").spec, {
        tls: [{ hosts: ["shop.example.com"], secretName: "shop-tls" }],
        rules: [
          {
            host: "shop.example.com",
            http: {
              paths: [
                {
                  path: "/api",
                  pathType: "Prefix",
                  backend: { service: { name: "backend", port: { number: 8000 } } },
                },
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "frontend", port: { number: 3000 } } },
                },
              ],
            },
          },
        ],
      });
    });

    it("leaves certificates to the cloud where it brings them", () => {
      const annotations = { "kubernetes.io/ingress.class": "gce" };
      const ingress = find(render(threeTierPlan(), { ingress: { annotations, tlsSecret: null } }), "Ingress");
      assert.deepEqual(ingress.metadata.annotations, annotations);
      assert.equal(at(ingress, "spec.tls"), undefined);
    });

    it("gives a route with options an Ingress of its own with annotations for ingress-nginx", () => {
      const plan = threeTierPlan();
      const [api, rest] = plan.routes;
      assert.ok(api && rest);
      const rateLimit = { requests: 10, seconds: 1, burst: 25 } as const;
      const limited = { ...api, rateLimit, bodyLimit: 2 ** 20, websocket: true } as const;
      const ingresses = (target: "kubernetes" | "gcp") =>
        render({ ...plan, target, routes: [limited, rest] })
          .filter(({ kind }) => kind === "Ingress")
          .map((ingress) => ({ name: ingress.metadata.name, annotations: ingress.metadata.annotations }));
      const prefix = "nginx.ingress.kubernetes.io";
      assert.deepEqual(ingresses("kubernetes"), [
        { name: "shop", annotations: undefined },
        {
          name: "shop-api-702acf",
          annotations: {
            [`${prefix}/limit-rps`]: "10",
            [`${prefix}/limit-burst-multiplier`]: "3",
            [`${prefix}/proxy-body-size`]: "1048576",
            [`${prefix}/proxy-request-buffering`]: "off",
            [`${prefix}/proxy-read-timeout`]: "3600",
            [`${prefix}/proxy-send-timeout`]: "3600",
          },
        },
      ]);
      assert.deepEqual(ingresses("gcp"), [{ name: "shop", annotations: undefined }]);
    });

    it("is absent without routes, as is the Service of a workload without ports", () => {
      const kinds = render(planOf([workload("worker")])).map(({ kind }) => kind);
      assert.ok(!kinds.includes("Ingress") && !kinds.includes("Service"));
    });
  });
});
