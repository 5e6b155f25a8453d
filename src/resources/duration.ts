import { convertText, type Schema } from './schema.ts';

const UNIT_NANOS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** No honest duration is longer; it bounds what a text can cost. */
const MAX_LENGTH = 64;

/** Milliseconds (with fractions) of a text as Go's time.ParseDuration reads it, such as `1h30m0.5s`; undefined where it is none. */
export function parseGoDuration(written: string): number | undefined {
  if (written.length > MAX_LENGTH) return undefined;
  const match = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(written);
  if (match === null) return undefined;
  let nanos = 0;
  for (const [, count = '', unit = ''] of (match[2] ?? '').matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    nanos += Number(count) * (UNIT_NANOS[unit] ?? 0);
  }
  // Go's durations are 64-bit nanoseconds.
  if (nanos > 2 ** 63) return undefined;
  return ((match[1] === '-' ? -1 : 1) * nanos) / 1e6;
}

/** GEP-2257: whole numbers of h, m, s, ms, at most five digits each and at most four parts. */
export function parseGatewayDuration(written: string): number | undefined {
  return /^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(written) ? parseGoDuration(written) : undefined;
}

/** A Go duration of at least `minimumMillis` (-Infinity: any), in milliseconds. */
export function goDuration(minimumMillis = 0): Schema<number> {
  const least = minimumMillis <= 0 ? '' : ` of at least ${minimumMillis}ms`;
  return convertText((written) => {
    const millis = parseGoDuration(written);
    return millis !== undefined && millis >= minimumMillis ? millis : undefined;
  }, `must be a duration${least} such as 500ms, 60s or 1h30m`);
}

/** A duration of the Gateway API (GEP-2257) of at least `minimumMillis`, in milliseconds. */
export function gatewayDurationFrom(minimumMillis: number): Schema<number> {
  const least = minimumMillis <= 0 ? '' : ` of at least ${minimumMillis}ms, written in`;
  return convertText(
    (written) => {
      const millis = parseGatewayDuration(written);
      return millis !== undefined && millis >= minimumMillis ? millis : undefined;
    },
    `must be a duration${least || ' of'} whole h, m, s or ms, such as 10s or 1h30m`,
  );
}

export const gatewayDuration: Schema<number> = gatewayDurationFrom(0);
