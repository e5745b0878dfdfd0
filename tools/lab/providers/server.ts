import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { createHash } from "node:crypto";
import { changes, formatPath, withoutNotes, type Change } from "../../../offline/diff";
import type { Planner } from "../../../offline/planner";
import { sdk } from "../../../offline/sdk";
import { merge, secret, unwrap, type Properties } from "../../../offline/values";
import { failure } from "../../../providers/compose/server";

/** One resource as a provider is asked about it. Values are plain, without the marks of secrets. */
export interface Resource {
  readonly type: string;
  readonly inputs: Properties;
  /** Of the provider resource that it belongs to. */
  readonly config: Properties;
}

/** What a stand-in really does. It plans as the offline provider of its package does. */
export interface LabProvider {
  readonly planner: Planner;
  /** @throws PartialError when the resource is there and not as it should be */
  create(resource: Resource, preview: boolean): Promise<{ id: string; outputs: Properties }>;
  update(id: string, resource: Resource, preview: boolean): Promise<Properties>;
  /** What is really there in the words of the inputs; `undefined`: nothing. */
  read(id: string, resource: Resource): Promise<Properties | undefined>;
  delete(id: string, resource: Resource): Promise<void>;
}

export interface RunningProvider {
  readonly port: number;
  close(): void;
}

/** Serves a stand-in on a free port of the loopback address. */
export async function serve(provider: LabProvider): Promise<RunningProvider> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  server.addService(ResourceProviderService, handlers(provider));
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

type Call<Request> = grpc.ServerUnaryCall<Request, unknown>;

function handlers(provider: LabProvider): grpc.UntypedServiceImplementation {
  const { planner } = provider;
  /** By connection: the engine opens one for each provider resource. */
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
      return checked(news, planner.checkConfig?.(plain(news)) ?? []);
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
      return checked(merge(news, completed), planner.check(subject));
    }),
    diff: unary(({ request }: Call<proto.DiffRequest>) => {
      const before = withoutNotes(plain(properties(request.getOldInputs() ?? request.getOlds())));
      const after = withoutNotes(plain(properties(request.getNews())));
      return different(planner, typeOf(request.getUrn()), before, after);
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
      const resource = resourceOf(call, inputs);
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

/** An error of our own making is a stack trace; one that a person can act on, its message. */
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

function checked(
  inputs: Properties,
  failures: readonly { property: string; reason: string }[],
): proto.CheckResponse {
  return new proto.CheckResponse()
    .setInputs(struct(inputs))
    .setFailuresList(
      failures.map(({ property, reason }) =>
        new proto.CheckFailure().setProperty(property).setReason(reason),
      ),
    );
}

function different(
  planner: Planner,
  type: string,
  before: Properties,
  after: Properties,
): proto.DiffResponse {
  const { ADD, DELETE, UPDATE, ADD_REPLACE, DELETE_REPLACE, UPDATE_REPLACE } = proto.PropertyDiff.Kind;
  const kinds = {
    add: [ADD, ADD_REPLACE],
    delete: [DELETE, DELETE_REPLACE],
    update: [UPDATE, UPDATE_REPLACE],
  };
  const found = changes(before, after);
  const replaced = (change: Change): boolean => planner.replaces(type, change, before, after);
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse()
    .setChanges(found.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setHasdetaileddiff(true)
    .setDiffsList(found.map(({ path }) => String(path[0])))
    .setReplacesList(found.filter(replaced).map(({ path }) => formatPath(path)))
    .setDeletebeforereplace(found.some(replaced) && planner.deleteFirst(type, before, after));
  for (const change of found) {
    const kind = kinds[change.kind][replaced(change) ? 1 : 0] ?? UPDATE;
    response
      .getDetaileddiffMap()
      .set(formatPath(change.path), new proto.PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response;
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

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

function unique(seed: Uint8Array): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, 7);
}
