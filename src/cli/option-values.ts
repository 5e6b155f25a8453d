import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { setIstioOption } from '../dialects/istio/option-settings.ts';
import type { IstioOptions } from '../dialects/istio/options.ts';
import { setLimit } from '../gateway/limit-settings.ts';
import type { GatewayLimits } from '../gateway/limits.ts';
import { MAX_REPLICAS } from '../lab/lab-service.ts';
import type { AccessLogTarget } from '../telemetry/access-log.ts';

/** More than any machine has cores. */
const MAX_WORKERS = 1024;

/** A year. */
const MAX_DURATION_SECONDS = 31_536_000;

/** `80=18080`: the YAML's port 80 is bound as 18080; 0 on the right binds a free port. Adds to the pairs before it. */
export function parsePortMapping(text: string, previous: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const [, from = '', to = ''] = /^(\d{1,5})=(\d{1,5})$/.exec(text) ?? [];
  const [yamlPort, boundPort] = [readPort(from), readPort(to)];
  if (yamlPort === null || yamlPort === 0 || boundPort === null) {
    throw new InvalidArgumentError('Write YAML-PORT=BOUND-PORT, such as 80=18080.');
  }
  if (previous.has(yamlPort)) throw new InvalidArgumentError(`Port ${yamlPort} is given twice.`);
  return new Map([...previous, [yamlPort, boundPort]]);
}

export function parseBindAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Write an IP address, such as 127.0.0.1 or ::.');
  return text;
}

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:15000`, `[::1]:15000`, `localhost:15000`, or a port alone, which means 127.0.0.1; or `off`. */
export function parseAdminAddress(text: string): HostAndPort | 'off' {
  // Not null: commander would take that for an option without a value, and give the command an empty text.
  return text === 'off' ? 'off' : parseHostAndPort(text);
}

/** See parseAdminAddress; `http://` in front and `/` behind do no harm. */
export function parseHostAndPort(text: string): HostAndPort {
  const bare = text.replace(/^http:\/\//, '').replace(/\/$/, '');
  const [, bracketed, plain, portText = ''] = /^(?:\[([^\]]*)\]:|([^:[\]]*):|)(\d+)$/.exec(bare) ?? [];
  const host = bracketed ?? plain ?? '127.0.0.1';
  const port = readPort(portText);
  const isName = bracketed === undefined && /^[a-z0-9.-]+$/i.test(host);
  if (port === null || !(isName || isIP(host) === 6)) {
    throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:15000 or [::1]:15000.');
  }
  return { host, port };
}

export function parseAccessLog(text: string): AccessLogTarget {
  if (text === '') throw new InvalidArgumentError('Write stdout, off, or the path of a file.');
  if (text === 'stdout' || text === 'off') return { kind: text };
  return { kind: 'file', path: text };
}

/** `name: value`, as curl takes it. Adds to the headers before it. */
export function parseHeader(text: string, previous: readonly HeaderPair[]): readonly HeaderPair[] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon));
  const value = text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw new InvalidArgumentError("Write 'name: value'.");
  if (/[^\t\x20-\x7e\x80-\u{10ffff}]/u.test(value)) throw new InvalidArgumentError('A value is one line of text.');
  return [...previous, [name, value]];
}

export type HeaderPair = readonly [name: string, value: string];

export function parseHttpUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgumentError('Write a whole URL, such as http://shop.example/cart.');
  }
  return text;
}

export function parseMethod(text: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) throw new InvalidArgumentError('Write a method, such as POST.');
  return text;
}

export function parseIpAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Write an IP address.');
  return text;
}

export function parseReplicas(text: string): number {
  const replicas = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(replicas <= MAX_REPLICAS)) throw new InvalidArgumentError(`Write a number from 0 to ${MAX_REPLICAS}.`);
  return replicas;
}

export function parseWorkers(text: string): number {
  const workers = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (workers < 1 || workers > MAX_WORKERS) throw new InvalidArgumentError(`Write a number from 1 to ${MAX_WORKERS}.`);
  return workers;
}

export function parsePort(text: string): number {
  const port = readPort(text);
  if (port === null) throw new InvalidArgumentError('Write a number from 0 to 65535.');
  return port;
}

/** Whole seconds; the result is in milliseconds. */
export function parseSecondsToMillis(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Write a number of seconds.');
  return Number(text) * 1000;
}

const SECONDS_OF: Readonly<Record<string, number>> = { ms: 0.001, '': 1, s: 1, m: 60, h: 3600 };

/** `90s`, `10m`, `1h` or a number of seconds. */
export function parseDurationToSeconds(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,7})(ms|s|m|h|)$/.exec(text) ?? [];
  const seconds = digits === '' ? Number.NaN : Number(digits) * (SECONDS_OF[unit] ?? 1);
  if (!(seconds <= MAX_DURATION_SECONDS))
    throw new InvalidArgumentError('Write a time of at most a year, such as 10m.');
  return seconds;
}

/** `head-timeout=10s`. Adds to the limits before it. */
export function parseLimit(text: string, previous: GatewayLimits): GatewayLimits {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new InvalidArgumentError('Write NAME=VALUE, such as head-timeout=10s.');
  const limits = setLimit(previous, text.slice(0, equals), text.slice(equals + 1));
  if (typeof limits === 'string') throw new InvalidArgumentError(limits);
  return limits;
}

/** `namespace=istio-ingress`. Adds to the settings before it. */
export function parseIstioOption(text: string, previous: Partial<IstioOptions>): Partial<IstioOptions> {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new InvalidArgumentError('Write NAME=VALUE, such as namespace=istio-ingress.');
  const options = setIstioOption(previous, text.slice(0, equals), text.slice(equals + 1));
  if (typeof options === 'string') throw new InvalidArgumentError(options);
  return options;
}

export function parseTrustedHops(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('Write a number of proxies, from 0 to 99.');
  return Number(text);
}

function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : null;
}
