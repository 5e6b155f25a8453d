import { createBalancer } from '../balancers.ts';
import { readHosts } from '../envoy/hosts.ts';
import { Fields } from '../fields.ts';
import { checkKeyPicks } from '../key-picks.ts';
import { hasFields, nameCase, type Replayer } from '../recording.ts';

/** Picks under health, panic, priorities and locality weights. */
export const healthPriorityReplayer: Replayer = {
  kinds: ['health_priority'],
  looksLike: (sample) => hasFields(sample, 'config', 'endpoints', 'keys', 'picks'),
  replay: ({ cases }, tally) => {
    for (const [index, item] of cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => {
        fields.ignore('id', 'type');
        const balancer = createBalancer('health', fields.value('config'), readHosts(fields), fields.value('policy'));
        checkKeyPicks(fields, balancer, tally);
        fields.end();
      });
    }
  },
};
