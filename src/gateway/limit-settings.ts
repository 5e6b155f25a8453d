import type { Http1Limits } from '../http1/http1-limits.ts';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';

/** What a limit counts; it decides how its value is written. */
export type LimitUnit = 'bytes' | 'count' | 'duration' | 'bytes per second';

/** A limit as users know it. */
export interface LimitSetting {
  readonly name: string;
  readonly unit: LimitUnit;
  /** The default as a user would write it. */
  readonly byDefault: string;
  readonly description: string;
}

type OwnField = Exclude<keyof GatewayLimits, 'http1'>;

interface Definition extends Omit<LimitSetting, 'byDefault'> {
  readonly field: { readonly own: OwnField } | { readonly http1: keyof Http1Limits };
  /** 0 switches the limit off; without this it would refuse everything and is no value. */
  readonly zeroIsOff: boolean;
}

/** More than this no timer of Node takes. */
const MAX_MILLIS = 2 ** 31 - 1;

const HOW_TO_WRITE: { readonly [unit in LimitUnit]: string } = {
  bytes: 'a number of bytes, such as 4096, 64KiB or 1MiB',
  count: 'a whole number',
  duration: 'a duration, such as 500ms, 15s, 5m or 1h',
  'bytes per second': 'a whole number of bytes per second',
};

const FACTORS: { readonly [unit in LimitUnit]: { readonly [suffix: string]: number } } = {
  bytes: { '': 1, B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 },
  count: { '': 1 },
  duration: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  'bytes per second': { '': 1 },
};

/** In the order of the documentation. */
const DEFINITIONS: readonly Definition[] = [
  http1('head-bytes', 'bytes', 'maxHeadBytes', 'request or response head; beyond it 431 or 502'),
  http1('request-line-bytes', 'bytes', 'maxRequestLineBytes', 'method, target and version; beyond it 414'),
  http1('header-count', 'count', 'maxHeaderCount', 'header lines of a head or trailer section; beyond it 431 or 502'),
  http1('trailer-bytes', 'bytes', 'maxTrailerBytes', 'trailer section; beyond it 431 or a cut response'),
  http1(
    'chunk-extension-bytes',
    'bytes',
    'maxChunkExtensionBytes',
    'by how much chunk extensions may outweigh the data',
  ),
  http1('body-bytes', 'bytes', 'maxBodyBytes', 'body of a request or response; beyond it 413 or a cut response', true),
  http1('interim-responses', 'count', 'maxInterimResponses', '1xx responses before a final one; beyond it 502'),
  own(
    'retry-buffer-bytes',
    'bytes',
    'retryBufferBytes',
    'request body kept for retries; a longer one is not retried',
    true,
  ),
  own(
    'head-timeout',
    'duration',
    'headTimeoutMillis',
    'for all of a head, and from connecting to its first byte; then 408',
  ),
  own(
    'body-idle-timeout',
    'duration',
    'bodyIdleMillis',
    'a request body may stand still, or be slower than min-rate; then 408',
    true,
  ),
  own('request-timeout', 'duration', 'requestTimeoutMillis', 'for reading a whole request; then 408', true),
  own(
    'stream-idle-timeout',
    'duration',
    'streamIdleMillis',
    'no byte either way, in tunnels too; a route may set its own',
    true,
  ),
  own(
    'write-stall-timeout',
    'duration',
    'writeStallMillis',
    'a client may leave its response unread, or read slower than min-rate',
    true,
  ),
  own(
    'min-rate',
    'bytes per second',
    'minBytesPerSecond',
    'slowest body and slowest reader, averaged over these two times',
    true,
  ),
  own('keep-alive-idle', 'duration', 'keepAliveIdleMillis', 'between two requests of a connection'),
  own('linger', 'duration', 'lingerMillis', 'a closing connection is still read, so that its last response arrives'),
  own(
    'connections-per-listener',
    'count',
    'maxConnectionsPerListener',
    'open client connections (per worker); more are reset',
  ),
  own(
    'requests-per-connection',
    'count',
    'maxRequestsPerConnection',
    'the last one is answered with Connection: close',
    true,
  ),
  own(
    'live-sessions',
    'count',
    'maxLiveSessions',
    'sessions counted (docs/sessions.md); more are kept, but not counted',
  ),
];

const BY_NAME: ReadonlyMap<string, Definition> = new Map(DEFINITIONS.map((each) => [each.name, each]));

export const LIMIT_SETTINGS: readonly LimitSetting[] = DEFINITIONS.map(({ name, unit, description, field }) => ({
  name,
  unit,
  description,
  byDefault: formatLimit(readField(DEFAULT_GATEWAY_LIMITS, field), unit),
}));

/** `limits` with `name=value` from a user, or a sentence that says what is wrong with that. */
export function setLimit(limits: GatewayLimits, name: string, value: string): GatewayLimits | string {
  const definition = BY_NAME.get(name);
  if (definition === undefined) return `There is no limit ${name}. Known: ${[...BY_NAME.keys()].join(', ')}.`;
  const { unit, field, zeroIsOff } = definition;
  const parsed = parseValue(value, unit);
  if (parsed === null) return `${name}: write ${HOW_TO_WRITE[unit]}.`;
  if (parsed === 0 && !zeroIsOff) return `${name} must not be 0.`;
  const number = parsed === 0 ? offValue(field) : parsed;
  if ('own' in field) return { ...limits, [field.own]: number };
  return { ...limits, http1: { ...limits.http1, [field.http1]: number } };
}

/** null: not a value of this unit, or too great a one. */
function parseValue(text: string, unit: LimitUnit): number | null {
  const [, digits = '', suffix = ''] = /^([0-9]{1,15})([A-Za-z]*)$/.exec(text) ?? [];
  if (digits === '') return null;
  // Off needs no unit.
  if (Number(digits) === 0 && suffix === '') return 0;
  const factor = FACTORS[unit][suffix];
  if (factor === undefined) return null;
  const value = Number(digits) * factor;
  return value <= (unit === 'duration' ? MAX_MILLIS : Number.MAX_SAFE_INTEGER) ? value : null;
}

/** A size or count that is off is one that nothing reaches; a time or rate that is off is 0 (limits.ts). */
function offValue(field: Definition['field']): number {
  const isUnreachable = 'http1' in field || field.own === 'maxRequestsPerConnection';
  return isUnreachable ? Number.MAX_SAFE_INTEGER : 0;
}

function readField(limits: GatewayLimits, field: Definition['field']): number {
  return 'own' in field ? limits[field.own] : limits.http1[field.http1];
}

function formatLimit(value: number, unit: LimitUnit): string {
  if (value === 0 || value === Number.MAX_SAFE_INTEGER) return 'off';
  const fitting = Object.entries(FACTORS[unit]).findLast(([, factor]) => value % factor === 0);
  return fitting === undefined ? String(value) : `${value / fitting[1]}${fitting[0] === 'B' ? '' : fitting[0]}`;
}

function own(name: string, unit: LimitUnit, field: OwnField, description: string, zeroIsOff = false): Definition {
  return { name, unit, field: { own: field }, description, zeroIsOff };
}

function http1(
  name: string,
  unit: LimitUnit,
  field: keyof Http1Limits,
  description: string,
  zeroIsOff = false,
): Definition {
  return { name, unit, field: { http1: field }, description, zeroIsOff };
}
