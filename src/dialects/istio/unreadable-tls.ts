import type { Resource } from '../../resources/resource.ts';
import { Written } from '../../resources/written.ts';
import { mentionsTls } from './rules-guards.ts';
import type { DestinationRuleSpec, PortPolicy, TrafficPolicy, UpstreamTls } from './schema-destination-rule.ts';

/** Stands where `tls` is written and can't be understood: endpoints that expect TLS never get plain text (decision 061). */
const UNREADABLE_TLS: UpstreamTls = {
  mode: 'UNREADABLE',
  clientCertificate: '',
  privateKey: '',
  caCertificates: '',
  credentialName: '',
  subjectAltNames: [],
  sni: '',
  insecureSkipVerify: false,
  caCrl: null,
};

const NO_BLOCKS = { loadBalancer: null, connectionPool: null, outlierDetection: null, tls: UNREADABLE_TLS } as const;

const UNREADABLE_POLICY: TrafficPolicy = {
  ...NO_BLOCKS,
  retryBudget: null,
  proxyProtocol: null,
  portLevelSettings: [],
};

/** The rule with every `tls` that decoding dropped; null: the whole was dropped, and with it no word of TLS. */
export function keepUnreadableTls(resource: Resource, spec: DestinationRuleSpec | null): DestinationRuleSpec | null {
  const written = new Written(resource.value).at('spec');
  if (spec === null) return standIn(written);
  return {
    ...spec,
    trafficPolicy: keepInPolicy(written.at('trafficPolicy'), spec.trafficPolicy),
    subsets: spec.subsets.map((subset, index) => {
      const own = written.at('subsets').items[index]?.at('trafficPolicy');
      return subset === null || own === undefined
        ? subset
        : { ...subset, trafficPolicy: keepInPolicy(own, subset.trafficPolicy) };
    }),
  };
}

/** For a rule that is lost whole: its host, if that can be read. */
function standIn(written: Written): DestinationRuleSpec | null {
  const host = written.at('host').text;
  if (host === '' || !mentionsTls(written)) return null;
  return { host, trafficPolicy: UNREADABLE_POLICY, subsets: [], exportTo: [], workloadSelector: null };
}

function keepInPolicy(written: Written, policy: TrafficPolicy | null): TrafficPolicy | null {
  if (policy === null) return mentionsTls(written) ? UNREADABLE_POLICY : null;
  const items = written.at('portLevelSettings').items;
  const lost = items.filter((item, index) => policy.portLevelSettings[index] === null && mentionsTls(item));
  const isForAnyPort = lost.some((item) => portOf(item) === 0);
  return {
    ...policy,
    tls: isForAnyPort ? UNREADABLE_TLS : keepBlock(written, policy.tls),
    portLevelSettings: policy.portLevelSettings.map((block, index) => {
      const item = items[index];
      if (item === undefined) return block;
      if (block !== null) return { ...block, tls: keepBlock(item, block.tls) };
      return lost.includes(item) ? ({ ...NO_BLOCKS, port: { number: portOf(item) } } satisfies PortPolicy) : null;
    }),
  };
}

function keepBlock(written: Written, tls: UpstreamTls | null): UpstreamTls | null {
  return tls === null && written.at('tls').value !== undefined ? UNREADABLE_TLS : tls;
}

/** 0: which port it is can't be read. */
function portOf(item: Written): number {
  return item.at('port').at('number').number;
}
