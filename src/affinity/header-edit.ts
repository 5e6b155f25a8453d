/** One change of a head: `append` adds a line behind those of that name, `set` replaces them all by one line. */
export interface HeaderEdit {
  readonly op: 'append' | 'set';
  /** Lower case. */
  readonly name: string;
  /** As a byte string. */
  readonly value: string;
}
