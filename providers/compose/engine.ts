import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Messages of one resource to the operator. */
export interface Log {
  /** Shows the current activity in the last column of the progress display. Not kept. */
  status(message: string): void;
  info(message: string): void;
  warning(message: string): void;
}

/** Sends the log lines of one resource to the Pulumi engine. A failure to send never fails the deployment. */
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
