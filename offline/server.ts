import * as grpc from "@grpc/grpc-js";
import * as emptyProto from "google-protobuf/google/protobuf/empty_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import * as pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import { changes, withoutNotes } from "./diff";
import type { Planner, Subject } from "./planner";
import {
  checkResponse,
  diffResponse,
  listen,
  nameOf,
  plain,
  properties,
  struct,
  typeOf,
  unique,
  type Call,
  type RunningProvider,
} from "./protocol";
import { sdk } from "./sdk";
import { merge, secret, type Json, type Properties } from "./values";

export interface ServeOptions {
  /** Whether create, update and delete are simulated. Only for tests of the engine's behaviour. */
  readonly allowApply: boolean;
  /** The error of creating or updating a resource, or undefined. For tests of failures. */
  readonly breaks?: ((subject: Subject) => string | undefined) | undefined;
}

type Handler = grpc.UntypedHandleCall;

/** Serves a planner as a Pulumi provider on a free port of the loopback address. */
export function serve(planner: Planner, options: ServeOptions): Promise<RunningProvider> {
  return listen(new ProviderService(planner, options).handlers());
}

class ProviderService {
  /** State per connection: the engine opens one per provider instance. */
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
        // The engine warns about plugins older than the program's SDK.
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
      diff: unary((call: Call<proto.DiffRequest>) => this.diff(call)),
      create: unary((call: Call<proto.CreateRequest>) => this.create(call)),
      update: unary((call: Call<proto.UpdateRequest>) => this.update(call)),
      read: unary((call: Call<proto.ReadRequest>) => this.read(call.request)),
      delete: unary((call: Call<proto.DeleteRequest>) => {
        this.refuseToApply("delete", call.request.getUrn());
        const state = plain(properties(call.request.getProperties()));
        const reason = this.planner.refusesDeletion?.(typeOf(call.request.getUrn()), state);
        if (reason !== undefined) {
          throw refusal(reason);
        }
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

  private diff(call: Call<proto.DiffRequest>): proto.DiffResponse {
    const request = call.request;
    const type = typeOf(request.getUrn());
    const given = properties(request.hasOldInputs() ? request.getOldInputs() : request.getOlds());
    const old = this.subject(call, request.getUrn(), given);
    const before = this.planner.stored?.(old) ?? old.inputs;
    const after = plain(properties(request.getNews()));
    const found = changes(withoutNotes(before), withoutNotes(after)).filter(
      (change) => !this.planner.ignores?.(change),
    );
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

  /** Nothing can have drifted offline: returns the state. */
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
      name: nameOf(urn),
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
