import * as grpc from "@grpc/grpc-js";
import { createHash, randomBytes } from "node:crypto";
import * as emptyProto from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as providerRpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import * as pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import { changes, formatPath, withoutNotes, type Change } from "./diff";
import type { Failure, Planner, Subject } from "./planner";
import { sdk } from "./sdk";
import { merge, secret, unwrap, type Json, type Properties } from "./values";

export interface ServeOptions {
  /** Whether create, update and delete may pretend to happen. For tests of the engine's behaviour only. */
  readonly allowApply: boolean;
  /** Why creating or updating a resource fails, for tests of failures; undefined where it does not. */
  readonly breaks?: ((subject: Subject) => string | undefined) | undefined;
}

export interface RunningProvider {
  readonly port: number;
  close(): Promise<void>;
}

type Call<Request> = grpc.ServerUnaryCall<Request, unknown>;
type Handler = grpc.UntypedHandleCall;

/** Serves a planner as a Pulumi provider on a free port of the loopback address. */
export async function serve(planner: Planner, options: ServeOptions): Promise<RunningProvider> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const service = providerRpc.ResourceProviderService as unknown as grpc.ServiceDefinition;
  server.addService(service, new ProviderService(planner, options).handlers());
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
    close: () =>
      new Promise((resolve) => {
        server.forceShutdown();
        resolve();
      }),
  };
}

class ProviderService {
  /** By connection: one provider instance of the engine is one connection. */
  private readonly configs = new Map<string, Properties>();
  private lastConfig: Properties = {};

  constructor(
    private readonly planner: Planner,
    private readonly options: ServeOptions,
  ) {}

  handlers(): grpc.UntypedServiceImplementation {
    return {
      handshake: unary(() => {
        const response = new proto.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        return response;
      }),
      attach: unary(() => new emptyProto.Empty()),
      cancel: unary(() => new emptyProto.Empty()),
      getPluginInfo: unary(() => {
        const info = new pluginProto.PluginInfo();
        // The engine warns about plugins that are older than the SDK the program uses.
        info.setVersion(`${sdk(this.planner.sdk).version}+offline`);
        return info;
      }),
      checkConfig: unary((call: Call<proto.CheckRequest>) => {
        const news = properties(call.request.getNews());
        const failures = this.planner.checkConfig?.(plain(news)) ?? [];
        return checkResponse(news, failures);
      }),
      diffConfig: unary((call: Call<proto.DiffRequest>) => this.diffConfig(call.request)),
      configure: unary((call: Call<proto.ConfigureRequest>) => this.configure(call)),
      check: unary((call: Call<proto.CheckRequest>) => this.check(call)),
      diff: unary((call: Call<proto.DiffRequest>) => this.diff(call.request)),
      create: unary((call: Call<proto.CreateRequest>) => this.create(call)),
      update: unary((call: Call<proto.UpdateRequest>) => this.update(call)),
      read: unary((call: Call<proto.ReadRequest>) => this.read(call.request)),
      delete: unary((call: Call<proto.DeleteRequest>) => {
        this.refuseToApply("delete", call.request.getUrn());
        return new emptyProto.Empty();
      }),
      invoke: unary((call: Call<proto.InvokeRequest>) => this.noFunction(call.request.getTok())),
      call: unary((call: Call<proto.CallRequest>) => this.noFunction(call.request.getTok())),
    };
  }

  private configure(call: Call<proto.ConfigureRequest>): proto.ConfigureResponse {
    this.lastConfig = plain(properties(call.request.getArgs()));
    this.configs.set(call.getPeer(), this.lastConfig);
    const response = new proto.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  private check(call: Call<proto.CheckRequest>): proto.CheckResponse {
    const request = call.request;
    const news = withoutNotes(properties(request.getNews()));
    const olds = request.hasOlds() ? plain(properties(request.getOlds())) : undefined;
    const given = this.subject(call, request.getUrn(), news);
    const completed = this.planner.complete(given, olds, unique(request.getRandomseed_asU8()));
    const subject = { ...given, inputs: merge(given.inputs, completed) };
    const inputs = this.withSecrets(subject.type, merge(news, completed));
    return checkResponse(inputs, this.planner.check(subject, olds));
  }

  private diff(request: proto.DiffRequest): proto.DiffResponse {
    const type = typeOf(request.getUrn());
    const before = plain(properties(request.hasOldInputs() ? request.getOldInputs() : request.getOlds()));
    const after = plain(properties(request.getNews()));
    const found = changes(withoutNotes(before), withoutNotes(after));
    const response = diffResponse(found, (change) => this.planner.replaces(type, change, before, after));
    const replaced = response.getReplacesList().length > 0;
    response.setDeletebeforereplace(replaced && this.planner.deleteFirst(type, before, after));
    return response;
  }

  private diffConfig(request: proto.DiffRequest): proto.DiffResponse {
    const before = plain(properties(request.hasOldInputs() ? request.getOldInputs() : request.getOlds()));
    const after = plain(properties(request.getNews()));
    return diffResponse(
      changes(before, after),
      (change) => this.planner.replacesConfig?.(change, before, after) ?? false,
    );
  }

  private create(call: Call<proto.CreateRequest>): proto.CreateResponse {
    const request = call.request;
    const preview = request.getPreview();
    if (!preview) {
      this.refuseToApply("create", request.getUrn());
    }
    const inputs = properties(request.getProperties());
    const subject = this.subject(call, request.getUrn(), inputs);
    this.breakIfAsked(preview, subject);
    const created = this.planner.create(subject, { preview, previous: undefined, unique: unique() });
    const response = new proto.CreateResponse();
    response.setId(preview ? "" : created.id);
    response.setProperties(struct(this.withSecrets(subject.type, merge(inputs, created.outputs))));
    return response;
  }

  private update(call: Call<proto.UpdateRequest>): proto.UpdateResponse {
    const request = call.request;
    const preview = request.getPreview();
    if (!preview) {
      this.refuseToApply("update", request.getUrn());
    }
    const inputs = properties(request.getNews());
    const subject = this.subject(call, request.getUrn(), inputs);
    this.breakIfAsked(preview, subject);
    const previous = plain(properties(request.getOlds()));
    const created = this.planner.create(subject, { preview, previous, unique: unique() });
    const response = new proto.UpdateResponse();
    response.setProperties(struct(this.withSecrets(subject.type, merge(inputs, created.outputs))));
    return response;
  }

  /** There is nothing behind this provider that could have changed: what the state says is so. */
  private read(request: proto.ReadRequest): proto.ReadResponse {
    if (!request.hasInputs()) {
      throw refusal(
        `${request.getUrn()} cannot be read offline: only the real service knows it. ` +
          "Run the command without --offline.",
      );
    }
    const response = new proto.ReadResponse();
    response.setId(request.getId());
    response.setProperties(request.getProperties());
    response.setInputs(request.getInputs());
    return response;
  }

  private subject(call: Call<unknown>, urn: string, wrapped: Properties): Subject {
    return {
      urn,
      type: typeOf(urn),
      name: urn.slice(urn.lastIndexOf("::") + 2),
      inputs: plain(wrapped),
      config: this.configs.get(call.getPeer()) ?? this.lastConfig,
    };
  }

  private withSecrets(type: string, values: Properties): Properties {
    const names = this.planner.secrets(type).filter((name) => name in values);
    return { ...values, ...Object.fromEntries(names.map((name) => [name, secret(values[name] as Json)])) };
  }

  private refuseToApply(operation: string, urn: string): void {
    if (!this.options.allowApply) {
      throw refusal(
        `The offline provider "${this.planner.package}" only plans: it cannot ${operation} ${urn}. ` +
          "Run the command without --offline to use the real provider.",
      );
    }
  }

  private breakIfAsked(preview: boolean, subject: Subject): void {
    const reason = preview ? undefined : this.options.breaks?.(subject);
    if (reason !== undefined) {
      throw refusal(reason);
    }
  }

  private noFunction(token: string): never {
    throw refusal(`The function ${token} asks the real service; it has no answer offline.`);
  }
}

function unary<Request>(answer: (call: Call<Request>) => unknown): Handler {
  const handler = (call: Call<Request>, callback: grpc.sendUnaryData<unknown>) => {
    try {
      callback(null, answer(call));
    } catch (error) {
      const details = error instanceof Error ? error.message : String(error);
      callback({ code: grpc.status.FAILED_PRECONDITION, details });
    }
  };
  return handler as Handler;
}

class Refusal extends Error {}

function refusal(message: string): Error {
  return new Refusal(message);
}

function properties(value: Struct | undefined): Properties {
  return value?.toJavaScript() ?? {};
}

function plain(value: Properties): Properties {
  return unwrap(value) as Properties;
}

function struct(value: Properties): Struct {
  return Struct.fromJavaScript(value);
}

/** `urn:pulumi:stack::project::parent$type::name` → `type` */
function typeOf(urn: string): string {
  const qualified = urn.split("::")[2] ?? "";
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

/** Seven hexadecimal digits, from the engine's seed so that a preview and its update agree. */
function unique(seed?: Uint8Array): string {
  const source = seed?.length ? seed : randomBytes(16);
  return createHash("sha256").update(source).digest("hex").slice(0, 7);
}

function checkResponse(inputs: Properties, failures: readonly Failure[]): proto.CheckResponse {
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

function diffResponse(found: readonly Change[], replaces: (change: Change) => boolean): proto.DiffResponse {
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
