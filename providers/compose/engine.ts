import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** What a resource tells the person who watches the deployment. */
export interface Log {
  /** What is being done just now: the last column of the progress display, not kept. */
  status(message: string): void;
  info(message: string): void;
  warning(message: string): void;
}

/** Sends log lines of one resource to the engine. Failing to do so never fails the deployment. */
export class EngineLog implements Log {
  private readonly client: EngineClient | undefined;

  constructor(
    address: string | undefined,
    private readonly urn: string,
  ) {
    this.client = address === undefined ? undefined : engineClient(address);
  }

  status(message: string): void {
    this.send(LogSeverity.INFO, message, true);
  }

  info(message: string): void {
    this.send(LogSeverity.INFO, message, false);
  }

  warning(message: string): void {
    this.send(LogSeverity.WARNING, message, false);
  }

  private send(severity: LogSeverity, message: string, ephemeral: boolean): void {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setMessage(message);
    request.setUrn(this.urn);
    request.setEphemeral(ephemeral);
    this.client?.log(request, () => undefined);
  }
}

const clients = new Map<string, EngineClient>();

function engineClient(address: string): EngineClient {
  let client = clients.get(address);
  if (!client) {
    client = new EngineClient(address, grpc.credentials.createInsecure());
    clients.set(address, client);
  }
  return client;
}
