import * as grpc from "@grpc/grpc-js";
import { createHash, randomBytes } from "node:crypto";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as providerRpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { formatPath, type Change } from "./diff";
import type { Failure } from "./planner";
import { unwrap, type Properties } from "./values";

/** Shared parts of Longshore's own providers: the port and the messages of Pulumi's protocol. */

export type Call<Request> = grpc.ServerUnaryCall<Request, unknown>;

export interface RunningProvider {
  readonly port: number;
  close(): void;
}

/** Serves a provider on a free port of the loopback address. */
export async function listen(handlers: grpc.UntypedServiceImplementation): Promise<RunningProvider> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  server.addService(providerRpc.ResourceProviderService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        reject(error);
      } else {
        resolve(bound);
      }
    });
  });
  return {
    port,
    close: () => {
      server.forceShutdown();
    },
  };
}

export function properties(value: Struct | undefined): Properties {
  return value?.toJavaScript() ?? {};
}

export function plain(value: Properties): Properties {
  return unwrap(value) as Properties;
}

export function struct(value: Properties): Struct {
  return Struct.fromJavaScript(value);
}

/** `urn:pulumi:stack::project::parent$type::name` → `type` */
export function typeOf(urn: string): string {
  const qualified = urn.split("::")[2] ?? "";
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** Seven hexadecimal digits, from the engine's seed so that a preview and its update agree. */
export function unique(seed?: Uint8Array): string {
  const source = seed?.length ? seed : randomBytes(16);
  return createHash("sha256").update(source).digest("hex").slice(0, 7);
}

export function checkResponse(inputs: Properties, failures: readonly Failure[]): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(struct(inputs));
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new proto.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

export function diffResponse(
  found: readonly Change[],
  replaces: (change: Change) => boolean,
): proto.DiffResponse {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = proto.PropertyDiff.Kind;
  const kinds = {
    add: [ADD, ADD_REPLACE],
    delete: [DELETE, DELETE_REPLACE],
    update: [UPDATE, UPDATE_REPLACE],
  } as const;
  const response = new proto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  response.setChanges(found.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  for (const change of found) {
    const path = formatPath(change.path);
    const replace = replaces(change);
    const detail = new proto.PropertyDiff();
    detail.setKind(kinds[change.kind][replace ? 1 : 0]);
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(path, detail);
    response.addDiffs(String(change.path[0]));
    if (replace) {
      response.addReplaces(path);
    }
  }
  return response;
}
