import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { EngineLog, type Log } from "./engine";
import { PartialError, UserError } from "./errors";
import { withDiskRemedy } from "../../tools/free-space";
import type { Properties } from "./values";

// Replaces `main` of @pulumi/pulumi/provider, which has no detailed diff, passes `read` no inputs and log lines no
// resource name, and loads the whole SDK (0.2 s per command).

export interface CheckFailure {
  /** Property path, such as `document.services.backend.image`. */
  property: string;
  reason: string;
}

export type PropertyChange = "add" | "delete" | "update" | "replace";

export interface Diff {
  /** Changes by property path. Empty: no update is needed. */
  changes: Record<
    string,
    { kind: PropertyChange; /** Compared with the outputs in the state. */ drift?: boolean }
  >;
}

/** Context of one call. */
export interface Call {
  readonly log: Log;
  /** Aborted if the user interrupts the deployment. */
  readonly signal: AbortSignal;
}

/** Context of a call that changes a resource. */
export interface ChangeCall extends Call {
  /** Name of the stack. */
  readonly stack: string;
}

/** A provider with one resource type, on plain values. Secrets are wrapped as in `values.ts`. */
export interface ResourceHandler {
  readonly version: string;
  check(
    olds: Properties,
    news: Properties,
    call?: Call,
  ): Promise<{ inputs: Properties; failures: CheckFailure[] }>;
  diff(old: { inputs: Properties; outputs: Properties }, news: Properties): Promise<Diff>;
  create(inputs: Properties, call: ChangeCall): Promise<{ id: string; outputs: Properties }>;
  update(id: string, old: Properties, news: Properties, call: ChangeCall): Promise<Properties>;
  /** `undefined`: the resource no longer exists. */
  read(id: string, outputs: Properties, call: Call): Promise<Properties | undefined>;
  delete(id: string, inputs: Properties, call: ChangeCall): Promise<void>;
}

export interface Served {
  readonly port: number;
  /** Interrupts running calls and exits after they have been undone; exits at once if there are none. */
  readonly stop: () => void;
}

/** Serves the handler on a free loopback port. */
export async function serve(handler: ResourceHandler, engine: string | undefined): Promise<Served> {
  const abort = new AbortController();
  const running = new Set<Promise<unknown>>();
  const unary = <Request, Response>(handle: (request: Request) => Response | Promise<Response>) =>
    answering(running, handle);
  const address = { engine };
  const call = (urn: string): ChangeCall => ({
    log: new EngineLog(address.engine, urn),
    // urn:pulumi:<stack>::<project>::<type>::<name>
    stack: urn.split(":")[2] ?? "",
    signal: abort.signal,
  });

  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  server.addService(ResourceProviderService, {
    getPluginInfo: unary(() => new PluginInfo().setVersion(handler.version)),
    attach: unary((request: { getAddress(): string }) => {
      address.engine = request.getAddress();
      return new Empty();
    }),
    cancel: unary(() => {
      abort.abort();
      return new Empty();
    }),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema("{}")),
    // The provider has no configuration.
    checkConfig: unary((request: messages.CheckRequest) => {
      return new messages.CheckResponse().setInputs(request.getNews());
    }),
    diffConfig: unary(() =>
      new messages.DiffResponse().setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE),
    ),
    configure: unary(() => new messages.ConfigureResponse().setAcceptsecrets(true)),

    check: unary(async (request: messages.CheckRequest) => {
      const olds = plain(request.getOlds());
      const { inputs, failures } = await handler.check(
        olds,
        plain(request.getNews()),
        call(request.getUrn()),
      );
      const response = new messages.CheckResponse().setInputs(Struct.fromJavaScript(json(inputs)));
      return response.setFailuresList(
        failures.map(({ property, reason }) =>
          new messages.CheckFailure().setProperty(property).setReason(reason),
        ),
      );
    }),
    diff: unary(async (request: messages.DiffRequest) => {
      const old = { inputs: plain(request.getOldInputs()), outputs: plain(request.getOlds()) };
      return diffResponse(await handler.diff(old, plain(request.getNews())));
    }),
    create: unary(async (request: messages.CreateRequest) => {
      const { id, outputs } = await handler.create(plain(request.getProperties()), call(request.getUrn()));
      return new messages.CreateResponse()
        .setId(id)
        .setProperties(Struct.fromJavaScript(json(outputs)))
        .setRefreshBeforeUpdate(true);
    }),
    update: unary(async (request: messages.UpdateRequest) => {
      const old = plain(request.getOldInputs());
      const news = plain(request.getNews());
      const outputs = await handler.update(request.getId(), old, news, call(request.getUrn()));
      return new messages.UpdateResponse()
        .setProperties(Struct.fromJavaScript(json(outputs)))
        .setRefreshBeforeUpdate(true);
    }),
    read: unary(async (request: messages.ReadRequest) => {
      const response = new messages.ReadResponse();
      const outputs = await handler.read(
        request.getId(),
        plain(request.getProperties()),
        call(request.getUrn()),
      );
      if (!outputs) {
        return response;
      }
      return response
        .setId(request.getId())
        .setProperties(Struct.fromJavaScript(json(outputs)))
        .setInputs(request.getInputs())
        .setRefreshBeforeUpdate(true);
    }),
    delete: unary(async (request: messages.DeleteRequest) => {
      await handler.delete(request.getId(), plain(request.getOldInputs()), call(request.getUrn()));
      return new Empty();
    }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        reject(error);
      } else {
        resolve(bound);
      }
    });
  });
  const stop = () => {
    abort.abort();
    void Promise.allSettled(running).then(() => {
      // Exits after the reply is sent: it goes out in the same turn, and the engine reads it before it notices the
      // exit.
      setImmediate(() => process.exit(0));
    });
  };
  return { port, stop };
}

function answering<Request, Response>(
  running: Set<Promise<unknown>>,
  handle: (request: Request) => Response | Promise<Response>,
) {
  return (call: { request: Request }, callback: grpc.sendUnaryData<Response>): void => {
    const answer = Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(failure(error));
        },
      )
      .finally(() => running.delete(answer));
    running.add(answer);
  };
}

/** Converts a user error to its message; any other error is a bug and includes its stack. */
export function failure(error: unknown): Partial<grpc.StatusObject> {
  const message = withDiskRemedy(
    error instanceof UserError || !(error instanceof Error) ? text(error) : (error.stack ?? error.message),
  );
  const metadata = new grpc.Metadata();
  if (error instanceof PartialError) {
    const detail = new messages.ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(Struct.fromJavaScript(json(error.outputs)))
      .setReasonsList([message])
      .setRefreshBeforeUpdate(true);
    const any = new Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(any);
    // gRPC's own field for structured errors, which the engine reads.
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function diffResponse({ changes }: Diff): messages.DiffResponse {
  const { Kind } = messages.PropertyDiff;
  const kinds = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE, replace: Kind.UPDATE_REPLACE };
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  const paths = Object.keys(changes);
  const response = new messages.DiffResponse()
    .setChanges(paths.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setHasdetaileddiff(true)
    .setDiffsList([...new Set(paths.map((path) => path.split(/[.[]/)[0] ?? path))])
    .setReplacesList(paths.filter((path) => changes[path]?.kind === "replace"))
    // The old and the new project may not publish the same port at the same time.
    .setDeletebeforereplace(true);
  for (const [path, { kind, drift = false }] of Object.entries(changes)) {
    const change = new messages.PropertyDiff().setKind(kinds[kind]).setInputdiff(!drift);
    response.getDetaileddiffMap().set(path, change);
  }
  return response;
}

function plain(struct: Struct | undefined): Properties {
  return struct === undefined ? {} : struct.toJavaScript();
}

type JsonStruct = Parameters<typeof Struct.fromJavaScript>[0];

/** Removes `undefined` values, which Struct does not support. */
function json(properties: Properties): JsonStruct {
  return JSON.parse(JSON.stringify(properties)) as JsonStruct;
}
