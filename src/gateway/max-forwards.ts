import type { HeaderEdit } from '../affinity/header-edit.ts';
import type { Head } from '../http1/head.ts';

/** The greatest value that is passed on. */
const MAX_VALUE = 2 ** 31 - 1;

/**
 * How often the request may still be forwarded (RFC 9110 §7.6.2): -1 says as often as need be, which holds for all methods
 * but OPTIONS and TRACE and where the header is missing or no number; 0 that the gateway has to answer itself.
 */
export function readMaxForwards(head: Head): number {
  if (head.method !== 'OPTIONS' && head.method !== 'TRACE') return -1;
  const value = head.value('max-forwards') ?? '';
  return /^[0-9]+$/.test(value) ? Math.min(Number(value), MAX_VALUE + 1) : -1;
}

/** What the next recipient is told, who is one forward nearer to the end. */
export function countDown(maxForwards: number): HeaderEdit {
  return { op: 'set', name: 'max-forwards', value: String(maxForwards - 1) };
}
