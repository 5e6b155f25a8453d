const MAX_LINES = 1_000;
const MAX_LINE_LENGTH = 4_096;

/** The last lines of a pod, kept in memory, with followers that hear of each new one. */
export class LogBuffer {
  readonly #lines: string[] = [];
  readonly #followers = new Set<(line: string) => void>();

  append(line: string): void {
    const short = line.slice(0, MAX_LINE_LENGTH);
    this.#lines.push(short);
    // In steps, because shifting a full array for each line would cost more than the line.
    if (this.#lines.length > 2 * MAX_LINES) this.#lines.splice(0, MAX_LINES);
    for (const follow of this.#followers) follow(short);
  }

  /** At most the last thousand. */
  get lines(): readonly string[] {
    return this.#lines.slice(-MAX_LINES);
  }

  /** Returns the function that ends it. */
  follow(onLine: (line: string) => void): () => void {
    this.#followers.add(onLine);
    return () => this.#followers.delete(onLine);
  }
}
