import { forward } from "../../../lib/forward.ts";

export const dynamic = "force-dynamic";

const handler = (request: Request) => forward(request);

export { handler as GET, handler as POST };
