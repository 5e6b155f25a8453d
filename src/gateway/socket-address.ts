/** `ip:port`, IPv6 in brackets, as Envoy prints a connection's ends; an IPv4 client on a dual-stack socket is an IPv4 client. */
export function formatAddress(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** `::ffff:1.2.3.4`, as a dual-stack socket reports an IPv4 peer, becomes `1.2.3.4`. */
export function normalizePeerIp(ip: string): string {
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice('::ffff:'.length) : ip;
}
