import type * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { changes, withoutNotes } from "../../offline/diff";
import type { Planner } from "../../offline/planner";
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
} from "../../offline/protocol";
import { sdk } from "../../offline/sdk";
import { merge, secret, type Properties } from "../../offline/values";
import { failure } from "../../providers/compose/server";

/** One resource in a call to a provider. Values are plain, without secret wrappers. */
export interface Resource {
  readonly type: string;
  readonly inputs: Properties;
  /** Config of the resource's provider resource. */
  readonly config: Properties;
  /** Paths of the option `ignoreChanges`, such as `spec.replicas`. Of an update only. @default [] */
  readonly ignoreChanges?: readonly string[];
}

/** The operations of a stand-in. Plans with the planning provider of its package. */
export interface LabProvider {
  readonly planner: Planner;
  /** Creates the resource. @throws PartialError if the resource exists and does not become ready */
  create(resource: Resource, preview: boolean): Promise<{ id: string; outputs: Properties }>;
  update(id: string, resource: Resource, preview: boolean): Promise<Properties>;
  /** Reads the existing values of the inputs' fields. `undefined`: the resource does not exist. */
  read(id: string, resource: Resource): Promise<Properties | undefined>;
  delete(id: string, resource: Resource): Promise<void>;
}

/** Serves a stand-in on a free loopback port. */
export function serve(provider: LabProvider): Promise<RunningProvider> {
  return listen(handlers(provider));
}

function handlers(provider: LabProvider): grpc.UntypedServiceImplementation {
  const { planner } = provider;
  /** Configs by connection. The engine opens one connection per provider resource. */
  const configs = new Map<string, Properties>();
  const resourceOf = (call: Call<{ getUrn(): string }>, inputs: Properties): Resource => ({
    type: typeOf(call.request.getUrn()),
    inputs: plain(inputs),
    config: configs.get(call.getPeer()) ?? {},
  });
  const stateOf = (type: string, inputs: Properties, outputs: Properties): Struct => {
    const all = merge(inputs, outputs);
    const names = planner.secrets(type).filter((name) => name in all);
    return struct({
      ...all,
      ...Object.fromEntries(names.map((name) => [name, secret(all[name] ?? null)])),
    });
  };

  return {
    getPluginInfo: unary(() => new PluginInfo().setVersion(`${sdk(planner.sdk).version}+stand-in`)),
    handshake: unary(() => new proto.ProviderHandshakeResponse().setAcceptSecrets(true)),
    attach: unary(() => new Empty()),
    cancel: unary(() => new Empty()),
    getSchema: unary(() => new proto.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary(({ request }: Call<proto.CheckRequest>) => {
      const news = properties(request.getNews());
      return checkResponse(news, planner.checkConfig?.(plain(news)) ?? []);
    }),
    diffConfig: unary(() => new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE)),
    configure: unary((call: Call<proto.ConfigureRequest>) => {
      configs.set(call.getPeer(), plain(properties(call.request.getArgs())));
      return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: unary((call: Call<proto.CheckRequest>) => {
      const { request } = call;
      const news = withoutNotes(properties(request.getNews()));
      const given = { ...resourceOf(call, news), urn: request.getUrn(), name: nameOf(request.getUrn()) };
      const olds = request.hasOlds() ? plain(properties(request.getOlds())) : undefined;
      const completed = planner.complete(given, olds, unique(request.getRandomseed_asU8()));
      const subject = { ...given, inputs: merge(given.inputs, completed) };
      return checkResponse(merge(news, completed), planner.check(subject));
    }),
    diff: unary(({ request }: Call<proto.DiffRequest>) => {
      const before = withoutNotes(plain(properties(request.getOldInputs() ?? request.getOlds())));
      const after = withoutNotes(plain(properties(request.getNews())));
      const type = typeOf(request.getUrn());
      const found = changes(before, after).filter((change) => !planner.ignores?.(change));
      const response = diffResponse(found, (change) => planner.replaces(type, change, before, after));
      const isReplaced = response.getReplacesList().length > 0;
      return response.setDeletebeforereplace(isReplaced && planner.deleteFirst(type, before, after));
    }),
    create: unary(async (call: Call<proto.CreateRequest>) => {
      const { request } = call;
      const inputs = properties(request.getProperties());
      const resource = resourceOf(call, inputs);
      const { id, outputs } = await provider.create(resource, request.getPreview());
      const state = stateOf(resource.type, inputs, outputs);
      return new proto.CreateResponse().setId(request.getPreview() ? "" : id).setProperties(state);
    }),
    update: unary(async (call: Call<proto.UpdateRequest>) => {
      const { request } = call;
      const inputs = properties(request.getNews());
      const resource = { ...resourceOf(call, inputs), ignoreChanges: request.getIgnorechangesList() };
      const outputs = await provider.update(request.getId(), resource, request.getPreview());
      return new proto.UpdateResponse().setProperties(stateOf(resource.type, inputs, outputs));
    }),
    read: unary(async (call: Call<proto.ReadRequest>) => {
      const { request } = call;
      const inputs = properties(request.getInputs());
      const resource = resourceOf(call, inputs);
      const found = await provider.read(request.getId(), resource);
      if (!found) {
        return new proto.ReadResponse();
      }
      const state = stateOf(resource.type, properties(request.getProperties()), found);
      return new proto.ReadResponse()
        .setId(request.getId())
        .setProperties(state)
        .setInputs(stateOf(resource.type, inputs, found));
    }),
    delete: unary(async (call: Call<proto.DeleteRequest>) => {
      await provider.delete(
        call.request.getId(),
        resourceOf(call, properties(call.request.getOldInputs() ?? call.request.getProperties())),
      );
      return new Empty();
    }),
  };
}

/**
 * Adapts a handler to gRPC. An error that the operator can fix becomes its message; any other error includes its
 * stack.
 */
function unary<Request>(answer: (call: Call<Request>) => unknown): grpc.handleUnaryCall<Request, unknown> {
  return (call, callback) => {
    void Promise.resolve()
      .then(() => answer(call))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(failure(error));
        },
      );
  };
}
