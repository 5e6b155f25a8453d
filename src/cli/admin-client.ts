import { formatAddress } from '../model/address.ts';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import type { DrainProgress, DrainRequest, SessionsView } from '../model/sessions-view.ts';
import { CommandFailure } from './command-failure.ts';
import type { HostAndPort } from './option-values.ts';

const TIMEOUT_MILLIS = 10_000;

/** A running gateway's admin API. */
export interface Admin extends HostAndPort {
  /** For changes where it is not on loopback; null: none is sent. */
  readonly token: string | null;
}

/** The admin API did not answer at all. */
export class NoAdminAnswer extends CommandFailure {}

/** Asks a running gateway's admin API. */
export async function requestExplanation(admin: HostAndPort, request: ExplainRequest): Promise<Explanation> {
  const answer = await ask({ ...admin, token: null }, 'POST', '/explain', request);
  return answer as Explanation;
}

export async function requestSessions(admin: Admin): Promise<SessionsView> {
  return (await ask(admin, 'GET', '/sessions')) as SessionsView;
}

export async function requestDrain(admin: Admin, request: DrainRequest): Promise<DrainProgress> {
  return (await ask(admin, 'POST', '/drain', request)) as DrainProgress;
}

/** How far the drain had come. */
export async function requestUndrain(admin: Admin, endpoint: string): Promise<DrainProgress> {
  return (await ask(admin, 'POST', '/undrain', { endpoint })) as DrainProgress;
}

async function ask(admin: Admin, method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const address = formatAddress(admin.host, admin.port);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`http://${address}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(admin.token === null ? {} : { authorization: `Bearer ${admin.token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    });
    answer = await response.json();
  } catch (error) {
    throw new NoAdminAnswer(1, `no admin API answers at ${address}; is \`limpet run\` running?`, { cause: error });
  }
  if (response.ok) return answer;
  const reason = typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : '';
  throw new CommandFailure(1, `the admin API at ${address} answered ${response.status}: ${reason}`);
}
