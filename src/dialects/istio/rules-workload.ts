import type { Findings, Written } from '../../resources/written.ts';
import { checkAnnotations, checkLabels, checkNulls, checkPort } from './rules-common.ts';
import { unixPathProblem } from './rules-gateway.ts';
import { domainProblem, isDnsLabel, isIp } from './rules-names.ts';

const UNIX = 'unix://';
const MAX_PORT_NAME = 62;

/** What istiod refuses in a WorkloadEntry, and what it warns of. */
export function workloadEntryRules(resource: Written, findings: Findings): void {
  const spec = resource.at('spec');
  checkNulls(spec, findings);
  checkAnnotations(resource, findings);
  checkWorkload(spec, { names: null, mayBeName: true }, findings);
}

/** `names`: of the ServiceEntry's ports; null: not known. `mayBeName`: the address may be a DNS name. */
export function checkWorkload(
  workload: Written,
  { names, mayBeName }: { readonly names: ReadonlySet<string> | null; readonly mayBeName: boolean },
  findings: Findings,
): void {
  const address = workload.at('address');
  if (address.text.startsWith(UNIX)) checkSocket(workload, names, findings);
  else if (address.text === '') {
    const rule = address.isSet ? 'must not be empty' : 'is missing';
    if (workload.at('network').isFilled) findings.warn('invalid-field', address, rule, 'Write the IP address.');
    else findings.refuse(address, rule, 'Write the IP address.');
  } else if (!isIp(address.text)) {
    const problem = mayBeName ? domainProblem(address.text) : 'must be an IP address with resolution STATIC';
    findings.judge(
      address,
      problem,
      mayBeName ? 'Write an IP address or a DNS name.' : 'Use resolution DNS for names.',
    );
  }
  checkWorkloadPorts(workload, names, findings);
  checkLabels(workload.at('labels'), findings);
}

function checkSocket(workload: Written, names: ReadonlySet<string> | null, findings: Findings): void {
  const address = workload.at('address');
  findings.judge(
    address,
    unixPathProblem(address.text.slice(UNIX.length)),
    'Write unix:// and the full path of a socket.',
  );
  if (workload.at('ports').isSet)
    findings.refuse(workload.at('ports'), 'must not be set for a socket', 'Remove it.', 'key');
  if (names !== null && names.size !== 1)
    findings.refuse(address, 'is a socket, which goes with exactly one port of the ServiceEntry', 'Make it one port.');
}

/** Ports by the name that the ServiceEntry gives them. */
export function checkWorkloadPorts(workload: Written, names: ReadonlySet<string> | null, findings: Findings): void {
  for (const [name, port] of workload.at('ports').entries) {
    if (!isDnsLabel(name) || name.length > MAX_PORT_NAME)
      findings.refuse(port, 'must have the name of a port, a DNS label', 'Name it as the ServiceEntry does.', 'key');
    else if (names !== null && !names.has(name))
      findings.refuse(port, 'names a port that the ServiceEntry does not have', 'Use a name of spec.ports.', 'key');
    checkPort(port, findings);
  }
}
