import type { Findings, Written } from '../../resources/written.ts';
import { checkDuration, checkOneOf, checkUnique } from './rules-common.ts';
import { checkLocality } from './rules-locality.ts';

const KEYS = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
const MAX_TABLE = 5000011;

/** What istiod asks of `trafficPolicy.loadBalancer` (istio-affinity §4, §5). */
export function checkLoadBalancer(balancer: Written, hasOutlierDetection: boolean, findings: Findings): void {
  if (!balancer.isSet) return;
  checkOneOf(balancer, ['simple', 'consistentHash'], findings);
  checkHash(balancer.at('consistentHash'), findings);
  checkLocality(balancer.at('localityLbSetting'), hasOutlierDetection, findings);
  const warmup = balancer.at('warmup');
  checkDuration(warmup.at('duration'), findings);
  const aggression = warmup.at('aggression');
  if (typeof aggression.value === 'number' && aggression.number < 1)
    findings.refuse(aggression, 'must be at least 1', 'Write 1 for a straight line, more for a slower start.');
}

function checkHash(hash: Written, findings: Findings): void {
  checkOneOf(hash, KEYS, findings);
  checkOneOf(hash, ['ringHash', 'maglev'], findings);
  const cookie = hash.at('httpCookie');
  if (cookie.at('name').value === '')
    findings.refuse(cookie.at('name'), 'must not be empty', 'Name the cookie whose value is hashed.');
  const names = cookie.at('attributes').items.map((attribute) => attribute.at('name'));
  for (const name of names)
    if (name.value === '') findings.refuse(name, 'must not be empty', 'Write an attribute such as SameSite.');
  checkUnique(names, 'attribute', findings);
  const ring = hash.at('minimumRingSize');
  const algorithm = ['ringHash', 'maglev'].find((name) => hash.at(name).isSet);
  if (ring.number !== 0 && algorithm !== undefined)
    findings.refuse(ring, `must not stand beside ${algorithm}`, 'Use ringHash.minimumRingSize.', 'key');
  const table = hash.at('maglev').at('tableSize');
  if (hash.at('maglev').isSet) findings.judge(table, tableProblem(table), 'Write a prime such as 65537.');
}

function tableProblem(table: Written): string | null {
  if (table.number === 0) return table.isSet ? 'must not be 0' : 'is missing: maglev has no default size';
  if (table.number >= MAX_TABLE) return `must be less than ${MAX_TABLE}`;
  return isPrime(table.number) ? null : 'must be a prime number';
}

/** Envoy's test, for which 1 is a prime. */
function isPrime(value: number): boolean {
  if (!Number.isInteger(value)) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}
