import { backupBucket } from "./backup-bucket";
import { cluster } from "./cluster";
import { identity } from "./identity";
import { image } from "./image";
import { ingress } from "./ingress";
import { kafka } from "./kafka";
import { logArchive } from "./log-archive";
import { namespace } from "./namespace";
import { network } from "./network";
import { postgres } from "./postgres";
import { projectServices } from "./project-services";
import { redis } from "./redis";
import { registry } from "./registry";
import { secret } from "./secret";
import { upstreamImage } from "./upstream-image";
import { workload } from "./workload";

/** Examples by their file, in the order of the page: each is a Pulumi program by itself. */
export const examples = {
  "project-services": projectServices,
  network,
  registry,
  image,
  "upstream-image": upstreamImage,
  cluster,
  postgres,
  redis,
  kafka,
  identity,
  secret,
  namespace,
  workload,
  ingress,
  "backup-bucket": backupBucket,
  "log-archive": logArchive,
} as const;
