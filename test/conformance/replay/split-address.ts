import { NotUnderstood } from './fields.ts';

/** Host (no brackets) and port of `ip:port` or `[ipv6]:port`. */
export function splitAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new NotUnderstood(`no address: ${text}`);
  return { host, port: Number(match?.[3]) };
}
