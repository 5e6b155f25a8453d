import { boundedLoadReplayer } from './kinds/bounded-load.ts';
import { clientAddressReplayer } from './kinds/client-address.ts';
import { cookiesReplayer } from './kinds/cookies.ts';
import { murmurReplayer, xxHashReplayer } from './kinds/digests.ts';
import { hashPoliciesReplayer } from './kinds/hash-policies.ts';
import { healthPriorityReplayer } from './kinds/health-priority.ts';
import { retriesReplayer } from './kinds/retries.ts';
import { statefulSessionReplayer } from './kinds/stateful-session.ts';
import { tablesReplayer } from './kinds/tables.ts';
import { weightedClustersReplayer } from './kinds/weighted-clusters.ts';
import type { Recording, Replayer } from './recording.ts';

const REPLAYERS: readonly Replayer[] = [
  xxHashReplayer,
  murmurReplayer,
  tablesReplayer,
  boundedLoadReplayer,
  weightedClustersReplayer,
  hashPoliciesReplayer,
  cookiesReplayer,
  clientAddressReplayer,
  retriesReplayer,
  healthPriorityReplayer,
  statefulSessionReplayer,
];

/** The replayer for a file: by its kind, or by the shape of its cases where it does not say; undefined: none knows it. */
export function findReplayer({ kind, cases }: Recording): Replayer | undefined {
  const byKind = REPLAYERS.find((replayer) => replayer.kinds.includes(kind));
  if (byKind !== undefined || cases.length === 0) return byKind;
  return REPLAYERS.find((replayer) => cases.every(replayer.looksLike));
}
