import type { DecisionRecord } from '../model/decision.ts';
import type { Explanation, ExplanationStage } from '../model/explanation.ts';
import { formatOrigin } from '../model/origin.ts';

const STAGE_NAMES: Readonly<Record<ExplanationStage, string>> = {
  listener: 'listener',
  virtualHost: 'virtual host',
  route: 'route',
  target: 'target',
  token: 'token',
  key: 'key',
  balancer: 'balancer',
  endpoint: 'endpoint',
  response: 'response',
};
const LABEL_WIDTH = 14;

/** The explanation for people: one line a step, the place in the YAML that says so under it, the decision at the end. */
export function formatExplanation(explanation: Explanation): string {
  const { request, steps, decision, status } = explanation;
  const lines = [`${request.method} ${request.url}${request.sourceIp === null ? '' : ` from ${request.sourceIp}`}`];
  for (const { step, text, origin } of steps) {
    lines.push(label(STAGE_NAMES[step]) + text);
    if (origin === null) continue;
    const field = origin.field === '' ? '' : `, ${origin.field}`;
    lines.push(`${label('')}at ${formatOrigin(origin)}${field}`);
  }
  lines.push(label('decision') + formatDecision(decision, status));
  return `${lines.join('\n')}\n`;
}

/** The fields of the access log's record, in one line. */
function formatDecision(decision: DecisionRecord | null, status: number | null): string {
  if (decision === null) return `none: the gateway answers ${status ?? 'by itself'}`;
  const parts = [`mode=${decision.mode}`];
  if (decision.keySource !== '') parts.push(`key=${decision.keySource}${decision.generated ? ' (generated)' : ''}`);
  parts.push(`token=${decision.token}`, `reason=${decision.reason}`, `candidates=${decision.candidates}`);
  if (decision.cluster !== '') parts.push(`cluster=${decision.cluster}`);
  parts.push(
    decision.chosen === '' ? `no endpoint: the gateway answers ${status ?? 503}` : `upstream_addr=${decision.chosen}`,
  );
  return parts.join(' ');
}

function label(name: string): string {
  return `  ${name.padEnd(LABEL_WIDTH)}`;
}
