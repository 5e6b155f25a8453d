// The long form of the scenario: `npm run scenario`. `--write` puts its table into docs/sessions.md. Without `--system` it
// runs all but the address token of Limpet's own, which stands in for Envoy's session where there is no Envoy. Exit code
// 1 where SessionPolicy broke a promise, or where a measurement contradicts itself.
import { parseArgs } from 'node:util';
import { skipUnless } from '../support/tools.ts';
import { findBroken, findUnsound, formatScenario, writeScenario } from './scenario-report.ts';
import { runScenario, type ScenarioResult } from './scenario-run.ts';
import { ENVOY, ISTIO_LABEL, SESSION_POLICY, SYSTEMS } from './systems.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    system: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
});
const clients = Number(values.clients);
const noEnvoy = skipUnless('envoy');
const doubled = noEnvoy === false ? ISTIO_LABEL : ENVOY;
const names = values.system ?? SYSTEMS.filter((system) => system !== doubled).map(({ name }) => name);
const chosen = SYSTEMS.filter(({ name }) => names.includes(name));
if (!(clients >= 100 && clients <= 100_000) || chosen.length !== names.length) {
  console.error(`usage: node test/scenario/scenario.ts [--clients 100..100000] [--system NAME]... [--write]`);
  console.error(`systems: ${SYSTEMS.map(({ name }) => `'${name}'`).join(', ')}`);
  process.exit(2);
}

// So that what was started is ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const results: ScenarioResult[] = [];
const broken: string[] = [];
for (const system of chosen) {
  if (system === ENVOY && noEnvoy !== false) {
    console.log(`${system.name}: left out: ${noEnvoy}`);
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
