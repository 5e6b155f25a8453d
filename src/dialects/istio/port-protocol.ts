/** What a port of a service carries; `unknown` where nothing says so. */
export type PortProtocol =
  | 'HTTP'
  | 'HTTP_PROXY'
  | 'HTTP2'
  | 'GRPC'
  | 'GRPC-WEB'
  | 'HTTPS'
  | 'TLS'
  | 'TCP'
  | 'UDP'
  | 'MONGO'
  | 'REDIS'
  | 'MYSQL'
  | 'unknown';

const PROTOCOLS: ReadonlySet<string> = new Set<PortProtocol>([
  'HTTP',
  'HTTP_PROXY',
  'HTTP2',
  'GRPC',
  'GRPC-WEB',
  'HTTPS',
  'TLS',
  'TCP',
  'UDP',
  'MONGO',
  'REDIS',
  'MYSQL',
]);

function isProtocol(word: string): word is PortProtocol {
  return PROTOCOLS.has(word);
}

/** A protocol by name, as a ServiceEntry's port has it. */
export function parseProtocol(name: string): PortProtocol {
  const word = name.toUpperCase();
  return isProtocol(word) ? word : 'unknown';
}

/** Names that Kubernetes itself gives a meaning, with a port's `appProtocol` alone. */
const APP_PROTOCOLS: Readonly<Record<string, PortProtocol>> = {
  'kubernetes.io/h2c': 'HTTP2',
  'kubernetes.io/ws': 'HTTP',
  'kubernetes.io/wss': 'HTTPS',
};

/** The port of a Kubernetes Service: by its `appProtocol`, otherwise by its name up to the first hyphen. */
export function toPortProtocol(port: {
  readonly name: string;
  readonly protocol: string;
  readonly appProtocol: string | null;
}): PortProtocol {
  if (port.protocol === 'UDP') return 'UDP';
  const known = APP_PROTOCOLS[port.appProtocol ?? ''];
  if (known !== undefined) return known;
  const name = port.appProtocol ?? port.name;
  if (name.toUpperCase().startsWith('GRPC-WEB')) return 'GRPC-WEB';
  return parseProtocol(name.split('-')[0] ?? '');
}

/** Endpoints are spoken to in HTTP/2 without being asked to. */
export function isHttp2(protocol: PortProtocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-WEB';
}
