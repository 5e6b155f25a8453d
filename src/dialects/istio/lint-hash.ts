import type { Findings, Written } from '../../resources/written.ts';

const EJECTION_HELP = 'Set loadBalancer.localityLbSetting.enabled: false beside the hash.';

/** What a DestinationRule does to its own hash (istio-affinity §4, §7). */
export function lintHash(spec: Written, isLocalityOn: boolean, findings: Findings): void {
  const policy = spec.at('trafficPolicy');
  lintLevel(policy, policy, isLocalityOn, findings);
  for (const block of policy.at('portLevelSettings').items) {
    lintLevel(block, block, isLocalityOn, findings);
    lintPortBlock(block, policy, findings);
  }
  for (const subset of spec.at('subsets').items) {
    const own = subset.at('trafficPolicy');
    if (!own.isSet) continue;
    lintLevel(own, policy, isLocalityOn, findings);
    if (own.at('loadBalancer').isSet) lintSubset(own, policy, findings);
    for (const block of own.at('portLevelSettings').items) {
      lintLevel(block, block, isLocalityOn, findings);
      const below = portBlock(policy, portOf(block)) ?? policy;
      lintPortBlock(block, isHashed(own) ? own : below, findings);
    }
  }
}

function portOf(block: Written): number {
  return block.at('port').at('number').number;
}

function portBlock(policy: Written, port: number): Written | undefined {
  return policy.at('portLevelSettings').items.find((block) => portOf(block) === port);
}

function isHashed(policy: Written): boolean {
  return policy.at('loadBalancer').at('consistentHash').isSet;
}

/** `below` has what the level leaves out. */
function lintLevel(level: Written, below: Written, isLocalityOn: boolean, findings: Findings): void {
  const balancer = level.at('loadBalancer').isSet ? level.at('loadBalancer') : below.at('loadBalancer');
  const outlier = level.at('outlierDetection').isSet ? level.at('outlierDetection') : below.at('outlierDetection');
  const isOwn = level.at('loadBalancer').isSet || level.at('outlierDetection').isSet;
  const hash = balancer.at('consistentHash');
  if (!isOwn || !hash.isSet) return;
  if (level.at('loadBalancer').isSet) lintKey(hash, findings);
  const setting = balancer.at('localityLbSetting');
  const isOn = setting.isSet ? setting.at('enabled').value !== false : isLocalityOn;
  if (!outlier.isSet || !isOn) return;
  const rule =
    'switches locality failover on: Istio gives endpoints priorities by where they are, each priority has a ring of its own, and keys move between them as endpoints are ejected';
  findings.warn('hash-with-ejection', outlier, rule, EJECTION_HELP, 'key');
}

/** Istio takes one key; what comes without it goes to any endpoint. */
function lintKey(hash: Written, findings: Findings): void {
  const named = ['httpHeaderName', 'httpQueryParameterName']
    .map((name) => hash.at(name))
    .find(({ text }) => text !== '');
  if (named === undefined) return;
  const rule = `is the only key, and a request without ${JSON.stringify(named.text)} goes to a random endpoint each time`;
  const help = 'See that every client sends it, or use httpCookie with a ttl, which the gateway sets.';
  findings.warn('no-hash-fallback', named, rule, help);
}

/** A subset's load balancer stands for that of the destination, and of each port that the subset says nothing of. */
function lintSubset(own: Written, parent: Written, findings: Findings): void {
  const balancer = own.at('loadBalancer');
  const hashed = [parent, ...parent.at('portLevelSettings').items].find(
    (level) => isHashed(level) && (level === parent || portBlock(own, portOf(level)) === undefined),
  );
  if (hashed === undefined || balancer.at('consistentHash').isSet) return;
  const kind = balancer.at('simple').text || 'LEAST_REQUEST';
  const whose = hashed === parent ? 'trafficPolicy' : `port ${portOf(hashed)}`;
  const rule = `takes the hash of ${whose} away from this subset: Istio still computes it on the route, and the endpoint is chosen by ${kind}`;
  findings.warn('lost-hash', balancer, rule, 'Repeat consistentHash here, or leave loadBalancer out.', 'key');
}

/** A port block replaces the level around it whole. */
function lintPortBlock(block: Written, parent: Written, findings: Findings): void {
  if (!isHashed(parent) || isHashed(block)) return;
  const balancer = block.at('loadBalancer');
  const kind = balancer.at('simple').text || 'LEAST_REQUEST';
  const rule = `replaces the policy around it, the hash too: endpoints of port ${portOf(block)} are chosen by ${kind}`;
  const at = balancer.isSet ? balancer : block;
  findings.warn(
    'lost-hash',
    at,
    rule,
    'Repeat loadBalancer.consistentHash in the block.',
    balancer.isSet ? 'key' : 'value',
  );
}
