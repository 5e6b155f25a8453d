/** Whether every protocol in `chosen` is one of `offered`: comma-separated lists, case apart (RFC 9110 §7.8). */
export function offers(offered: string, chosen: string): boolean {
  const names = protocolNames(offered);
  const choice = protocolNames(chosen);
  return choice.length > 0 && choice.every((name) => names.includes(name));
}

/** The protocols of an Upgrade list in lower case, in order. */
export function protocolNames(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
