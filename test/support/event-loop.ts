/** Lets everything that is ready be dealt with, so often; on loopback what one side has written is there for the other at once. */
export async function turnEventLoop(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
