/** Whether a port serves TLS, which its name says. */
export function isTls(port: string): boolean {
  return port === "https";
}
