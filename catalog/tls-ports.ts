/** Whether a port serves TLS, according to its name. */
export function isTls(port: string): boolean {
  return port === "https";
}
