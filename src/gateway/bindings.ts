/** Where the listeners of the model are really bound: data, so that it can be sent to workers. */
export interface BindingOptions {
  /** Address for every listener; null: the listeners' own. */
  readonly bind: string | null;
  /** Port in the YAML -> port that is bound; 0 binds a free one. */
  readonly portMap: ReadonlyMap<number, number>;
}

export interface Binding {
  readonly host: string;
  readonly port: number;
}

export function resolveBinding(options: BindingOptions, address: string, port: number): Binding {
  return { host: options.bind ?? address, port: options.portMap.get(port) ?? port };
}

/** The same for the same socket in every process. A free port asked for by 0 is free for each port of the YAML of its own. */
export function toBindingKey({ host, port }: Binding, modelPort: number): string {
  return port === 0 ? `${host}:0#${modelPort}` : `${host}:${port}`;
}
