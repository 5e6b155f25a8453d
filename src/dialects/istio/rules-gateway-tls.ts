import type { Findings, Written } from '../../resources/written.ts';

const SOURCES = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'tlsCertificates',
  'credentialName',
  'credentialNames',
];
const CERTIFICATES = [...SOURCES, 'caCrl'];

/** The certificates that each mode of a TLS server needs, takes or refuses; no mode is PASSTHROUGH. */
export function checkServerTls(tls: Written, findings: Findings): void {
  if (!tls.isSet) return;
  const mode = tls.at('mode').text || 'PASSTHROUGH';
  checkVersions(tls, findings);
  checkSources(tls, findings);
  if (mode === 'ISTIO_MUTUAL') {
    for (const name of SOURCES.filter((key) => tls.at(key).isFilled))
      findings.refuse(tls.at(name), 'must not be set: ISTIO_MUTUAL uses certificates of the mesh', 'Remove it.', 'key');
    return;
  }
  if (mode.endsWith('PASSTHROUGH')) {
    for (const name of CERTIFICATES.filter((key) => tls.at(key).isFilled))
      findings.warn('ignored-field', tls.at(name), `is ignored: ${mode} uses no certificates`, 'Remove it.', 'key');
  } else if (!tls.at('credentialName').isFilled && !tls.at('credentialNames').isFilled) {
    checkFiles(tls, mode, findings);
  } else return;
  const list = tls.at('caCrl');
  if (!list.isFilled) return;
  if (tls.at('credentialName').isFilled)
    findings.refuse(list, 'must not stand beside credentialName', 'Put the list into the Secret.', 'key');
  if (mode === 'SIMPLE')
    findings.refuse(list, 'must not be set with SIMPLE: clients show no certificate', 'Use MUTUAL.', 'key');
}

/** One source of certificates; the schema of the resource also counts those that are set and empty. */
function checkSources(tls: Written, findings: Findings): void {
  for (const list of [tls.at('credentialNames'), tls.at('tlsCertificates')]) {
    if (Array.isArray(list.value) && (list.items.length === 0 || list.items.length > 2))
      findings.refuse(list, 'must have one or two items', 'One of RSA and one of ECDSA, or one alone.');
  }
  const isPair = tls.at('serverCertificate').isFilled && tls.at('privateKey').isFilled;
  const found = [
    ...(tls.at('credentialName').isFilled ? ['credentialName'] : []),
    ...(tls.at('credentialNames').isSet ? ['credentialNames'] : []),
    ...(isPair ? ['serverCertificate'] : []),
    ...(tls.at('tlsCertificates').isSet ? ['tlsCertificates'] : []),
  ];
  const isShort = tls.at('credentialName').isSet && tls.at('credentialNames').isSet && found[0] !== 'credentialName';
  const rest = isShort ? ['credentialName'] : found.slice(1);
  for (const name of rest) {
    const rule = `must not stand beside ${isShort ? 'credentialNames' : found[0]}: certificates come from one place`;
    findings.refuse(tls.at(name), rule, 'Keep one of them.', 'key');
  }
}

function checkFiles(tls: Written, mode: string, findings: Findings): void {
  const help = 'Name a Secret by credentialName, or files by serverCertificate and privateKey.';
  if (mode !== 'SIMPLE' && !tls.at('caCertificates').isFilled) {
    const missing = 'is missing: the certificates of clients are checked against it';
    findings.refuse(tls.at('caCertificates'), missing, 'Name the file, or a Secret by credentialName.');
  }
  const pairs = tls.at('tlsCertificates').items.length > 0 ? tls.at('tlsCertificates').items : [tls];
  for (const pair of pairs) {
    for (const name of ['serverCertificate', 'privateKey'] as const)
      if (!pair.at(name).isFilled) findings.refuse(pair.at(name), `is missing: ${mode} needs it`, help);
  }
}

function checkVersions(tls: Written, findings: Findings): void {
  const least = tls.at('minProtocolVersion');
  const suites = tls.at('cipherSuites');
  const help = 'Name cipher suites that the old version has, or ask for TLSV1_2.';
  if ((least.text === 'TLSV1_0' || least.text === 'TLSV1_1') && suites.items.length === 0)
    findings.warn('invalid-field', least, 'needs cipherSuites: none of the default ones fits', help);
  const seen = new Set<string>();
  for (const suite of suites.items) {
    if (!isCipherSuite(suite.text))
      findings.warn('ignored-field', suite, 'is no cipher suite that Istio knows', 'Remove it.');
    else if (seen.has(suite.text)) findings.warn('ignored-field', suite, 'repeats a cipher suite', 'Remove it.');
    seen.add(suite.text);
  }
}

/** The empty text and ALL stand for the default; expressions such as -SHA are left to the TLS library. */
export function isCipherSuite(name: string): boolean {
  return name === '' || name === 'ALL' || !/^[\p{N}\p{L}]/u.test(name) || CIPHER_SUITES.has(name);
}

const CIPHER_SUITES: ReadonlySet<string> = new Set([
  ...['ECDSA', 'RSA'].flatMap((key) =>
    ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305', 'AES128-SHA', 'AES256-SHA'].map(
      (suite) => `ECDHE-${key}-${suite}`,
    ),
  ),
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
]);
