// The long form of the scenario: `npm run scenario`. `--write` puts its table into docs/sessions.md. Exit code 1 where
// SessionPolicy broke a promise, or where a measurement contradicts itself.
import { parseArgs } from 'node:util';
import { skipUnless } from '../support/tools.ts';
import { findBroken, findUnsound, formatScenario, writeScenario } from './scenario-report.ts';
import { runScenario, type ScenarioResult } from './scenario-run.ts';
import { ENVOY, SESSION_POLICY, SYSTEMS } from './systems.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    system: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
});
const clients = Number(values.clients);
const chosen = SYSTEMS.filter(({ name }) => values.system?.includes(name) ?? true);
if (!(clients >= 100 && clients <= 100_000) || chosen.length !== (values.system?.length ?? SYSTEMS.length)) {
  const names = SYSTEMS.map(({ name }) => `'${name}'`).join(', ');
  console.error(`usage: node test/scenario/scenario.ts [--clients 100..100000] [--system NAME]... [--write]`);
  console.error(`systems: ${names}`);
  process.exit(2);
}

// So that what was started is ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const results: ScenarioResult[] = [];
const broken: string[] = [];
for (const system of chosen) {
  const missing = system === ENVOY ? skipUnless('envoy') : false;
  if (missing !== false) {
    console.log(`${system.name}: left out: ${missing}`);
    continue;
  }
  const result = await runScenario(system, { clients, onProgress: (line) => console.log(`${system.name}: ${line}`) });
  results.push(result);
  const found = system === SESSION_POLICY ? findBroken(result) : findUnsound(result);
  broken.push(...found.map((line) => `${system.name}: ${line}`));
}
const table = formatScenario(results, clients);
console.log(`\n${table}`);
if (values.write) writeScenario('docs/sessions.md', table);
for (const line of broken) console.error(line);
process.exitCode = broken.length === 0 ? 0 : 1;
