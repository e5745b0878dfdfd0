import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/** Whether React has the page: false on the server and until it has taken over what the server sent. */
export function useAlive(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
