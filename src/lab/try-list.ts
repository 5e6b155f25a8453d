import type { RunningTutorial } from './running-tutorial.ts';

/**
 * What runs where, and what to try: to be pasted into a shell, line by line or as a whole. Comments have no quotes and
 * no brackets, because the shell of macOS reads them unless it is told otherwise.
 */
export function formatTryList(tutorials: readonly RunningTutorial[]): string {
  const pods = tutorials.flatMap(({ services }) => services.flatMap((service) => service.pods));
  const lines = [`# ${pods.length} pods and ${tutorials.length} gateways are running; Ctrl-C ends them all`];
  for (const running of tutorials) lines.push('', ...describeTutorial(running));
  const [first] = pods;
  lines.push(
    '',
    '# in all of them, while the lab runs',
    'npx limpet lab pods',
    'npx limpet lab scale httpbin --replicas 3',
    `npx limpet lab kill ${first?.name}`,
    `npx limpet lab logs ${first?.name}`,
  );
  return `${lines.join('\n')}\n`;
}

function describeTutorial({ tutorial, ports, folder, place }: RunningTutorial): string[] {
  const bound = [...ports].map(([yaml, port]) => `http://127.0.0.1:${port} for port ${yaml} of the YAML`).join(', ');
  return [
    `## ${tutorial.name}: ${tutorial.title}`,
    `#    serves ${bound}`,
    `#    reads  ${folder}, where edits are live within a second`,
    `#    admin  http://${place.adminAddress}, access log ${place.accessLog}`,
    ...tutorial.trials(place).flatMap(({ shows, lines }) => [`# ${shows}`, ...lines]),
  ];
}
