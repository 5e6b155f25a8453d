import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../../../test/support/tools.ts';
import { translate } from '../../control/translate.ts';
import { digest } from '../../model/digest.ts';
import { parseResources } from '../../resources/resources.ts';

describe('PrimaryMessage', () => {
  for (const example of readdirSync(join(ROOT, 'examples'))) {
    it(`carries the model of ${example} as it is`, () => {
      const folder = join(ROOT, 'examples', example);
      const texts = readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => ({ source: name, text: readFileSync(join(folder, name), 'utf8') }));
      const { model } = translate(parseResources(texts).resources);
      assert.ok(model.clusters.length > 0);
      const received = structuredClone(model);
      assert.deepEqual(received, model);
      assert.equal(digest(received), digest(model));
    });
  }
});
