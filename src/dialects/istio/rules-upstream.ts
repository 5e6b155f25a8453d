import { parseGoDuration } from '../../resources/duration.ts';
import type { Findings, Written } from '../../resources/written.ts';
import { checkDuration } from './rules-common.ts';

/** What istiod asks of the blocks that say how endpoints are reached. */

export function checkOutlierDetection(outlier: Written, findings: Findings): void {
  if (!outlier.isSet) return;
  checkDuration(outlier.at('interval'), findings);
  checkDuration(outlier.at('baseEjectionTime'), findings);
  for (const name of ['maxEjectionPercent', 'minHealthPercent']) {
    const { number } = outlier.at(name);
    if (number < 0 || number > 100)
      findings.refuse(outlier.at(name), `must be a percentage from 0 to 100, not ${number}`, 'Write whole percents.');
  }
  const local = outlier.at('consecutiveLocalOriginFailures');
  if (local.number > 0 && !outlier.at('splitExternalLocalOriginErrors').isTrue) {
    const rule = 'needs splitExternalLocalOriginErrors: true beside it';
    findings.refuse(
      local,
      rule,
      'Add it, or remove this field: without it such failures count as gateway errors.',
      'key',
    );
  }
}

export function checkConnectionPool(pool: Written, findings: Findings): void {
  if (!pool.isSet) return;
  const http = pool.at('http');
  const tcp = pool.at('tcp');
  if (!http.isSet && !tcp.isSet) findings.refuse(pool, 'must not be empty', 'Set tcp or http in it, or remove it.');
  const counts = ['http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection', 'maxRetries'];
  for (const count of [...[...counts, 'maxConcurrentStreams'].map((name) => http.at(name)), tcp.at('maxConnections')]) {
    if (count.number < 0) findings.refuse(count, 'must not be negative', 'Write 0, or leave it out, for no limit.');
  }
  checkDuration(http.at('idleTimeout'), findings);
  if (http.at('h2UpgradePolicy').value === 'UPGRADE' && http.at('useClientProtocol').isTrue) {
    const rule = 'must not be true beside h2UpgradePolicy: UPGRADE';
    findings.refuse(http.at('useClientProtocol'), rule, 'Keep one of them.');
  }
  for (const name of ['connectTimeout', 'maxConnectionDuration']) checkDuration(tcp.at(name), findings);
  checkTcpIdle(tcp.at('idleTimeout'), findings);
  for (const name of ['time', 'interval']) checkDuration(tcp.at('tcpKeepalive').at(name), findings);
}

/** 0s switches the timeout off; Istio takes anything below a millisecond for 0. */
function checkTcpIdle(idle: Written, findings: Findings): void {
  const millis = parseGoDuration(idle.text) ?? 0;
  if (millis <= -1) findings.refuse(idle, 'must not be negative', 'Write 0s for no timeout.');
  checkDuration(idle, findings);
}

const FILES = ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'];
const CONFIG_MAP = 'configmap://';

/** TLS to endpoints. */
export function checkClientTls(tls: Written, namespace: string, findings: Findings): void {
  if (!tls.isSet) return;
  const mode = tls.at('mode').text;
  const credential = tls.at('credentialName');
  const [owner, name] = credential.text.slice(CONFIG_MAP.length).split('/');
  if (credential.text.startsWith(CONFIG_MAP) && (owner !== namespace || name === undefined || name === ''))
    findings.refuse(credential, `must name a ConfigMap of its own namespace`, `Write ${CONFIG_MAP}${namespace}/NAME.`);
  const isUsingOne = mode === 'SIMPLE' || mode === 'MUTUAL';
  if (tls.at('insecureSkipVerify').isTrue && isUsingOne) {
    const checked = ['caCertificates', 'subjectAltNames', ...(mode === 'SIMPLE' ? ['credentialName'] : [])];
    for (const name of checked.filter((key) => tls.at(key).isFilled))
      findings.refuse(
        tls.at(name),
        'must not be set beside insecureSkipVerify: nothing is verified',
        'Keep one of them.',
        'key',
      );
  }
  if (isUsingOne && credential.isFilled) {
    for (const name of FILES.filter((key) => tls.at(key).isFilled))
      findings.refuse(tls.at(name), 'must not stand beside credentialName', 'Keep the Secret or the files.', 'key');
  } else if (mode === 'MUTUAL') {
    for (const name of ['clientCertificate', 'privateKey'])
      if (!tls.at(name).isFilled)
        findings.refuse(tls.at(name), 'is missing: MUTUAL needs it', 'Name the file, or a Secret by credentialName.');
  }
}
