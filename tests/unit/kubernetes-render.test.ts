import assert from "node:assert/strict";
import type { Workload } from "../../catalog/plan/types";
import {
  renderKubernetes,
  renderSecrets,
  type KubernetesObject,
  type KubernetesOptions,
} from "../../render/kubernetes";
import {
  at,
  find,
  planOf,
  podOf,
  render,
  textOptions,
  threeTierPlan,
  workload,
  type Fields,
} from "../support/kubernetes-plan";

describe("renderKubernetes", () => {
  it("sends a Service's requests to the port's number: a renamed port keeps its endpoints", () => {
    const { spec } = find(render(threeTierPlan()), "Service") as unknown as {
      spec: { ports: { port: number; targetPort: unknown }[] };
    };
    assert.ok(spec.ports.length > 0);
    spec.ports.forEach(({ port, targetPort }) => {
      assert.equal(targetPort, port);
    });
  });

  it("gives a rollout the time that a pod may take to start", () => {
    const deadline = (startupSeconds: number) => {
      const plan = planOf([workload("web", { probes: { startupSeconds } })]);
      return at(find(render(plan), "Deployment"), "spec.progressDeadlineSeconds");
    };
    assert.equal(deadline(60), undefined);
    assert.equal(deadline(1800), 2280);
  });

  describe("security", () => {
    it("runs every pod without any right that it was not given", () => {
      const { pod, container } = podOf({ user: 1234 });
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
      assert.deepEqual(pod.securityContext, {
        runAsNonRoot: true,
        runAsUser: 1234,
        runAsGroup: 1234,
        fsGroup: 1234,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      });
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.enableServiceLinks, false);
    });

    it("grants exceptions and shows their reasons", () => {
      const { container, template } = podOf({
        exceptions: [
          { allow: "writable-root", reason: "writes beside its binary" },
          { allow: "net-bind-service", reason: "serves port 80" },
        ],
      });
      assert.equal(at(container, "securityContext.readOnlyRootFilesystem"), false);
      assert.deepEqual(at(container, "securityContext.capabilities"), {
        drop: ["ALL"],
        add: ["NET_BIND_SERVICE"],
      });
      assert.deepEqual(at(template, "metadata.annotations"), {
        "longshore/exception-writable-root": "writes beside its binary",
        "longshore/exception-net-bind-service": "serves port 80",
      });
    });

    it("admits only such pods to the namespace", () => {
      const { labels } = find(render(threeTierPlan()), "Namespace").metadata;
      assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
    });
  });

  describe("probes", () => {
    it("gives a start its time, and asks liveness and readiness apart", () => {
      const probe = (path: string) =>
        ({
          check: { kind: "http", path, port: 8000 },
          intervalSeconds: 7,
          timeoutSeconds: 2,
          failures: 4,
        }) as const;
      const { container } = podOf({
        probes: { live: probe("/livez"), ready: probe("/readyz"), startupSeconds: 45 },
      });
      const { startupProbe, livenessProbe, readinessProbe } = container as Record<
        string,
        Record<string, number>
      >;
      assert.ok((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0) >= 45);
      assert.deepEqual(at(startupProbe, "httpGet"), { path: "/livez", port: 8000 });
      assert.deepEqual(livenessProbe, {
        httpGet: { path: "/livez", port: 8000 },
        periodSeconds: 7,
        timeoutSeconds: 2,
        failureThreshold: 4,
      });
      assert.deepEqual(at(readinessProbe, "httpGet"), { path: "/readyz", port: 8000 });
    });

    it("does not restart a container because its dependencies are away", () => {
      const ready = {
        check: { kind: "tcp", port: 8000 },
        intervalSeconds: 5,
        timeoutSeconds: 1,
        failures: 1,
      } as const;
      const { container } = podOf({ probes: { ready, startupSeconds: 60 } });
      assert.deepEqual(
        Object.keys(container).filter((key) => key.endsWith("Probe")),
        ["readinessProbe"],
      );
    });
  });

  describe("scale", () => {
    it("leaves the number of pods to the autoscaler where there is one", () => {
      const objects = render(threeTierPlan());
      assert.equal(at(find(objects, "Deployment", "backend"), "spec.replicas"), undefined);
      assert.equal(at(find(objects, "HorizontalPodAutoscaler", "backend"), "spec.minReplicas"), 2);
      assert.equal(at(find(objects, "Deployment", "frontend"), "spec.replicas"), 3);
      assert.ok(
        !objects.some(
          ({ kind, metadata }) => kind === "HorizontalPodAutoscaler" && metadata.name === "frontend",
        ),
      );
    });

    it("protects workloads of several pods from losing them at once, and lets a single pod move", () => {
      const budgets = render(threeTierPlan()).filter(({ kind }) => kind === "PodDisruptionBudget");
      assert.deepEqual(
        budgets.map(({ metadata }) => metadata.name),
        ["backend", "frontend"],
      );
    });

    it("starts a new pod before it ends an old one, which serves on while its clients learn of it", () => {
      const { pod, container, objects } = podOf(
        { ports: [{ name: "http", port: 80 }], graceSeconds: 20 },
        { drainSeconds: 7 },
      );
      assert.deepEqual(at(find(objects, "Deployment"), "spec.strategy.rollingUpdate"), {
        maxUnavailable: 0,
        maxSurge: 1,
      });
      assert.deepEqual(container.lifecycle, { preStop: { sleep: { seconds: 7 } } });
      assert.equal(pod.terminationGracePeriodSeconds, 27);
    });
  });

  describe("files and variables", () => {
    const secret = {
      name: "api-key",
      variable: "API_KEY_FILE",
      path: "/run/secrets/api-key",
      value: { late: "secret", secret: "key" },
    } as const;

    it("hands secrets over as files that only the container's group reads", () => {
      const { pod, container, objects } = podOf({ secretFiles: [secret], env: [{ name: "A", value: "b" }] });
      assert.deepEqual(find(objects, "Secret").stringData, { "api-key": "SECRET-key" });
      assert.deepEqual((pod.volumes as Fields[])[0], {
        name: "secrets-run-secrets",
        secret: {
          secretName: "app-secrets",
          defaultMode: 0o440,
          items: [{ key: "api-key", path: "api-key" }],
        },
      });
      assert.deepEqual(container.env, [
        { name: "A", value: "b" },
        { name: "API_KEY_FILE", value: "/run/secrets/api-key" },
      ]);
    });

    it("takes the Secret's name and a checksum from the caller", () => {
      const options = { secretName: () => "app-x7k2", secretChecksum: () => "hmac" };
      const { pod, template, objects } = podOf({ secretFiles: [secret] }, options);
      assert.equal(at((pod.volumes as Fields[])[0], "secret.secretName"), "app-x7k2");
      assert.equal(find(objects, "Secret").metadata.name, "app-x7k2");
      assert.deepEqual(at(template, "metadata.annotations"), { "longshore/secrets-checksum": "hmac" });
    });

    it("offers the Secrets alone, for those who create them first", () => {
      const secrets = renderSecrets(threeTierPlan(), textOptions());
      assert.deepEqual(
        secrets.map(({ workload: { name } }) => name),
        ["backend", "db", "migrate"],
      );
      assert.deepEqual(
        render(threeTierPlan()).filter(({ kind }) => kind === "Secret").length,
        secrets.length,
      );
    });

    it("restarts pods when a config file changes", () => {
      const mounted = (content: string) =>
        at(
          (podOf({ configFiles: [{ path: "/etc/app.conf", content }] }).pod.volumes as Fields[])[0],
          "configMap.name",
        );
      assert.equal(mounted("a"), mounted("a"));
      assert.notEqual(mounted("a"), mounted("b"));
    });

    it("keeps files apart whose paths would make the same key", () => {
      const { objects, container } = podOf({
        configFiles: [
          { path: "/etc/a_b", content: "1" },
          { path: "/etc/a/b", content: "2" },
        ],
      });
      const data = find(objects, "ConfigMap").data as unknown as Record<string, string>;
      const mounts = container.volumeMounts as { mountPath: string; subPath?: string }[];
      const contentAt = (path: string) =>
        data[mounts.find(({ mountPath }) => mountPath === path)?.subPath ?? ""];
      assert.deepEqual([contentAt("/etc/a_b"), contentAt("/etc/a/b")], ["1", "2"]);
    });

    it("keeps dollars, which Kubernetes would replace", () => {
      const { container } = podOf({
        env: [
          { name: "PASSWORDISH", value: "pa$$word $(HOME)" },
          { name: "PLAIN", value: "a$b" },
        ],
        command: ["echo", "$(PLAIN)"],
      });
      assert.deepEqual(container.env, [
        { name: "PASSWORDISH", value: "pa$$$$word $$(HOME)" },
        { name: "PLAIN", value: "a$$b" },
      ]);
      assert.deepEqual(container.args, ["echo", "$$(PLAIN)"]);
    });

    it("reserves room on the node's disk for logs, and for what a writable root takes", () => {
      const disk = (exceptions: Workload["exceptions"]) => {
        const { container } = podOf({ exceptions });
        return ["requests", "limits"]
          .map((which) => at(container, `resources.${which}`))
          .map((amounts) => (amounts as Record<string, unknown>)["ephemeral-storage"]);
      };
      assert.deepEqual(disk([]), ["256Mi", "256Mi"]);
      assert.deepEqual(disk([{ allow: "writable-root", reason: "writes beside its binary" }]), [
        "2Gi",
        "2Gi",
      ]);
    });

    it("holds what is writable in memory, within the container's limit", () => {
      const memory = { request: 2 ** 25, limit: 2 ** 26 };
      const { pod } = podOf({
        writable: ["/tmp", "/var/cache/nginx"],
        resources: { cpu: { request: 1, limit: 1 }, memory },
      });
      assert.deepEqual(pod.volumes, [
        { name: "writable-tmp", emptyDir: { medium: "Memory", sizeLimit: "32Mi" } },
        { name: "writable-var-cache-nginx", emptyDir: { medium: "Memory", sizeLimit: "32Mi" } },
      ]);
    });
  });

  describe("jobs", () => {
    const job = (fields: Partial<Workload> = {}) =>
      workload("migrate", { kind: "job", command: ["up"], timeoutSeconds: 60, ...fields });
    const rendered = (fields: Partial<Workload> = {}, options: Partial<KubernetesOptions<string>> = {}) =>
      find(render(planOf([job(fields)]), options), "Job");

    it("gets a new name exactly when its spec changes", () => {
      const base = rendered();
      const variants: [boolean, KubernetesObject<string>][] = [
        [false, rendered({})],
        [false, rendered({ clients: [{ from: "edge", port: 1 }] })],
        [false, rendered({ after: [{ workload: "db", condition: "healthy" }] })],
        [true, rendered({ command: ["down"] })],
        [true, rendered({ timeoutSeconds: 61 })],
        [true, rendered({ env: [{ name: "A", value: "1" }] })],
        [true, rendered({ configFiles: [{ path: "/a", content: "b" }] })],
        [true, rendered({ user: 7 })],
        [true, rendered({}, { imageReference: () => "app:2" })],
        [
          false,
          rendered({}, { imageReference: () => "app:2", imageVersion: () => "registry.example/app:1.2.3" }),
        ],
      ];
      for (const [changed, variant] of variants.slice(0, -1)) {
        assert.equal(JSON.stringify(variant.spec) !== JSON.stringify(base.spec), changed);
        assert.equal(variant.metadata.name !== base.metadata.name, changed, JSON.stringify(variant.spec));
      }
      assert.match(base.metadata.name, /^migrate-[0-9a-f]{10}$/);
    });

    it("runs again when a Secret changed under the same name", () => {
      const file = {
        name: "k",
        variable: "K_FILE",
        path: "/run/secrets/k",
        value: { late: "secret", secret: "k" },
      } as const;
      const named = (checksum: string) =>
        rendered({ secretFiles: [file] }, { secretChecksum: () => checksum }).metadata.name;
      assert.notEqual(named("a"), named("b"));
    });

    it("ends within its time and is kept, so that it is not run again", () => {
      const spec = rendered().spec as Fields;
      assert.equal(spec.activeDeadlineSeconds, 60);
      assert.equal(spec.ttlSecondsAfterFinished, undefined);
      assert.equal(at(spec, "template.spec.restartPolicy"), "Never");
    });

    it("takes a late reference of an image when its version is known", () => {
      const late = { value: "digest" };
      const options: KubernetesOptions<object> = {
        resolver: { secret: () => late, host: () => late, text: () => late },
        imageReference: () => late,
      };
      assert.throws(
        () => renderKubernetes(planOf([job()]), options),
        /image app is known late; give imageVersion/,
      );
      const objects = renderKubernetes(planOf([job()]), { ...options, imageVersion: () => "src-0123" });
      const made = objects.find(({ kind }) => kind === "Job");
      assert.equal((at(made, "spec.template.spec.containers") as Fields[])[0]?.image, late);
    });
  });

  describe("stores", () => {
    it("has a disk and a name of its own, and keeps the disk unless the environment is ephemeral", () => {
      const objects = render(threeTierPlan());
      const set = find(objects, "StatefulSet", "db");
      assert.equal(at(find(objects, "Service", "db"), "spec.clusterIP"), "None");
      assert.equal(at(set, "spec.serviceName"), "db");
      assert.equal(at(set, "spec.volumeClaimTemplates.0.spec.resources.requests.storage"), "10Gi");
      assert.equal(at(set, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"), "Retain");
      const ephemeral = find(render(threeTierPlan(), { lifecycle: "ephemeral" }), "StatefulSet", "db");
      assert.equal(at(ephemeral, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"), "Delete");
    });

    it("gives a service with disks a StatefulSet and both of its names", () => {
      const { objects } = podOf({
        ports: [{ name: "http", port: 80 }],
        volumes: [{ name: "d", path: "/d", size: 2 ** 30 }],
      });
      assert.deepEqual(
        objects
          .filter(({ kind }) => kind === "Service")
          .map(({ metadata, spec }) => [metadata.name, at(spec, "clusterIP")]),
        [
          ["app-pods", "None"],
          ["app", undefined],
        ],
      );
      assert.equal(at(find(objects, "StatefulSet"), "spec.serviceName"), "app-pods");
    });
  });

  it("orders objects so that each comes after what it needs", () => {
    const objects = render(threeTierPlan());
    const position = (kind: string, name?: string) => objects.indexOf(find(objects, kind, name));
    assert.equal(position("Namespace"), 0);
    assert.ok(position("Secret", "db-secrets") < position("StatefulSet", "db"));
    assert.ok(position("StatefulSet", "db") < position("Job"));
    assert.ok(position("Job") < position("Deployment", "backend"));
    assert.equal(position("Ingress"), objects.length - 1);
  });
});
