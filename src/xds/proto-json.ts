/** A protobuf message in its JSON form: camelCase names, durations and 64-bit numbers as texts. */
export interface Message {
  readonly [field: string]: Value;
}

export type Value = string | number | boolean | Message | readonly Value[];

/** The fields that are set: null, undefined and empty lists are what protobuf leaves out. */
export function message(fields: { readonly [field: string]: Value | null | undefined }): Message {
  const set: { [field: string]: Value } = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    set[name] = value;
  }
  return set;
}

/** null for a message without fields, so that a field of a bigger one is left out. */
export function unlessEmpty(value: Message): Message | null {
  return Object.keys(value).length === 0 ? null : value;
}

/** A google.protobuf.Any. */
export function typed(type: string, fields: Message): Message {
  return { '@type': `type.googleapis.com/${type}`, ...fields };
}

/** An Envoy extension: a filter, a transport socket, a predicate. */
export function extension(name: string, type: string, fields: Message = {}): Message {
  return { name, typedConfig: typed(type, fields) };
}

/** Seconds with no fraction or with three digits of it, as protobuf's JSON mapping has it. */
export function duration(millis: number): string {
  const whole = Math.round(millis);
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${(whole / 1000).toFixed(3)}s`;
}

/** An envoy.type.v3.FractionalPercent of 0..100 in steps of 0.0001. */
export function fractionalPercent(percent: number): Message {
  if (percent === 0) return {};
  if (Number.isInteger(percent)) return { numerator: percent };
  return { numerator: Math.round(percent * 10_000), denominator: 'MILLION' };
}

/** An envoy.type.v3.Percent; 0 is its default and left out. */
export function percent(value: number): Message {
  return value === 0 ? {} : { value };
}

/** Where Envoy gets what a message only names. */
export const FROM_ADS: Message = { ads: {}, resourceApiVersion: 'V3' };
