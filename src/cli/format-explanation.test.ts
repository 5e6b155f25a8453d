import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DecisionRecord } from '../model/decision.ts';
import type { Explanation } from '../model/explanation.ts';
import type { Origin } from '../model/origin.ts';
import { formatExplanation } from './format-explanation.ts';

const ORIGIN: Origin = {
  source: 'a.yaml',
  kind: 'Gateway',
  namespace: 'shop',
  name: 'web',
  line: 7,
  column: 3,
  field: 'spec.servers[0]',
};

const DECISION: DecisionRecord = {
  mode: 'hash',
  keySource: 'cookie:sid',
  generated: true,
  token: 'none',
  candidates: 3,
  cluster: 'web',
  chosen: '127.0.1.3:8080',
  reason: 'hash',
};

function explanation(changes: Partial<Explanation>): Explanation {
  const request = { method: 'GET', url: 'http://shop.example/', headers: [], sourceIp: null };
  return { request, steps: [], decision: null, status: null, setCookies: [], ...changes };
}

describe('formatExplanation', () => {
  it('prints a line a step, the place in the YAML under it, and the decision', () => {
    const text = formatExplanation(
      explanation({
        steps: [
          { step: 'virtualHost', text: '* serves shop.example', origin: ORIGIN },
          { step: 'key', text: 'made anew', origin: null },
        ],
        decision: DECISION,
      }),
    );
    assert.equal(
      text,
      `GET http://shop.example/
  virtual host  * serves shop.example
                at Gateway shop/web (a.yaml:7), spec.servers[0]
  key           made anew
  decision      mode=hash key=cookie:sid (generated) token=none reason=hash candidates=3 cluster=web upstream_addr=127.0.1.3:8080
`,
    );
  });

  it('says what the gateway answers where no endpoint does', () => {
    assert.match(formatExplanation(explanation({ status: 404 })), /decision +none: the gateway answers 404\n$/);
    const decision: DecisionRecord = { ...DECISION, chosen: '', reason: 'no-endpoint' };
    assert.match(formatExplanation(explanation({ decision, status: 503 })), /no endpoint: the gateway answers 503\n$/);
  });
});
