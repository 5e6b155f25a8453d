/** Something in a recording that the replay has no meaning for. Never passed over: it makes the case fail. */
export class NotUnderstood extends Error {}

/** An object of a recording, read field by field; `end` makes sure that nothing was left unread. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new NotUnderstood(`${path} is no object`);
    this.#values = new Map(Object.entries(value));
    this.#path = path;
  }

  get names(): string[] {
    return [...this.#values.keys()];
  }

  has(name: string): boolean {
    const value = this.value(name);
    return value !== undefined && value !== null;
  }

  value(name: string): unknown {
    this.#read.add(name);
    return this.#values.get(name);
  }

  pathOf(name: string): string {
    return `${this.#path}.${name}`;
  }

  string(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw new NotUnderstood(`${this.pathOf(name)} is no text`);
    return value;
  }

  stringOr<T>(name: string, fallback: T): string | T {
    return this.has(name) ? this.string(name) : fallback;
  }

  /** A number, also in the forms that proto JSON has: a decimal string, or wrapped as `{value}`. */
  number(name: string): number {
    const value = this.value(name);
    if (typeof value === 'number') return value;
    if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
    if (typeof value === 'object' && value !== null) return new Fields(value, this.pathOf(name)).numberOr('value', 0);
    throw new NotUnderstood(`${this.pathOf(name)} is no number`);
  }

  numberOr<T>(name: string, fallback: T): number | T {
    return this.has(name) ? this.number(name) : fallback;
  }

  booleanOr(name: string, fallback: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (typeof value === 'object') return new Fields(value, this.pathOf(name)).booleanOr('value', false);
    if (typeof value !== 'boolean') throw new NotUnderstood(`${this.pathOf(name)} is no boolean`);
    return value;
  }

  object(name: string): Fields {
    return new Fields(this.value(name), this.pathOf(name));
  }

  /** An absent message reads like an empty one. */
  objectOrEmpty(name: string): Fields {
    return new Fields(this.value(name) ?? {}, this.pathOf(name));
  }

  list(name: string): readonly unknown[] {
    return asList(this.value(name), this.pathOf(name));
  }

  listOrEmpty(name: string): readonly unknown[] {
    return this.has(name) ? this.list(name) : [];
  }

  strings(name: string): string[] {
    return this.list(name).map((item) => {
      if (typeof item !== 'string') throw new NotUnderstood(`${this.pathOf(name)} has an item that is no text`);
      return item;
    });
  }

  objects(name: string): Fields[] {
    return this.listOrEmpty(name).map((item, index) => new Fields(item, `${this.pathOf(name)}[${index}]`));
  }

  /** Seconds with fractions and `s`, as proto JSON writes a Duration; in milliseconds. */
  durationMillisOr<T>(name: string, fallback: T): number | T {
    if (!this.has(name)) return fallback;
    const text = this.string(name);
    const seconds = /^-?\d+(\.\d+)?s$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
    if (Number.isNaN(seconds)) throw new NotUnderstood(`${this.pathOf(name)} is no duration: ${text}`);
    return Math.round(seconds * 1000);
  }

  /** Fields that say nothing about picks. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  end(): void {
    const unread = this.names.filter((name) => !this.#read.has(name));
    if (unread.length > 0) throw new NotUnderstood(`${this.#path}: no meaning known for ${unread.join(', ')}`);
  }
}

export function asList(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotUnderstood(`${path} is no list`);
  return value;
}
