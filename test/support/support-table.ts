import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Schema } from '../../src/resources/schema.ts';
import { listFields } from '../../src/resources/schema-shape.ts';

const START = '<!-- fields: written by npm run golden -->';

/**
 * Compares the table of fields at the end of a dialect's support.md with its schemas, by the name of the kind.
 * `UPDATE_GOLDEN=1` writes it instead.
 */
export function checkSupportTable(file: string, kinds: Readonly<Record<string, Schema<unknown>>>): void {
  describe('support.md', () => {
    it('lists every field of the schemas, with whether it is served', () => {
      const text = readFileSync(file, 'utf8');
      const start = text.indexOf(START);
      assert.notEqual(start, -1, `${file} has no line ${START}`);
      const tables = Object.entries(kinds).map(([kind, schema]) => toTable(kind, schema));
      const expected = `${text.slice(0, start)}${START}\n\n${tables.join('\n')}`;
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, expected);
      else assert.equal(text, expected, `${file} (npm run golden rewrites it)`);
    });
  });
}

function toTable(kind: string, schema: Schema<unknown>): string {
  const rows = listFields(schema, 'spec').map(({ path, support }) => `| \`${path}\` | ${support} |\n`);
  return `## ${kind}\n| field | served |\n| --- | --- |\n${rows.join('')}`;
}
