import { formatAddress } from '../model/address.ts';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import { CommandFailure } from './command-failure.ts';
import type { HostAndPort } from './option-values.ts';

const TIMEOUT_MILLIS = 10_000;

/** Asks a running gateway's admin API. */
export async function requestExplanation(admin: HostAndPort, request: ExplainRequest): Promise<Explanation> {
  const answer = await post(admin, '/explain', request);
  return answer as Explanation;
}

async function post(admin: HostAndPort, path: string, body: unknown): Promise<unknown> {
  const address = formatAddress(admin.host, admin.port);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`http://${address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    });
    answer = await response.json();
  } catch (error) {
    throw new CommandFailure(1, `no admin API answers at ${address}; is \`limpet run\` running?`, { cause: error });
  }
  if (response.ok) return answer;
  const reason = typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : '';
  throw new CommandFailure(1, `the admin API at ${address} answered ${response.status}: ${reason}`);
}
