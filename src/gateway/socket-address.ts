/** `::ffff:1.2.3.4`, as a dual-stack socket reports an IPv4 peer, becomes `1.2.3.4`: the client came by IPv4. */
export function normalizePeerIp(ip: string): string {
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice('::ffff:'.length) : ip;
}
