import { describeRules } from '../../../test/support/marked-rules.ts';

const meta = 'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: cart, namespace: shop}\n';
const spec = (fields: string): string => `${meta}spec: {host: cart${fields}}\n`;
const policy = (fields: string): string => spec(`, trafficPolicy: ${fields}`);
const balancer = (fields: string): string => policy(`{loadBalancer: ${fields}}`);
const hash = (fields: string): string => balancer(`{consistentHash: {${fields}}}`);

describeRules('DestinationRule: host', (host) => `${meta}spec: {host: ${host}}\n`, [
  ['a short name', 'cart'],
  ['a full name', 'cart.shop.svc.cluster.local'],
  ['wildcards', '"*.shop.svc.cluster.local"'],
  ['everything', '"*"'],
  ['a part of a label', '"*-cart.shop"'],
  ['empty', '‹""'],
  ['a slash', '‹"Http/bin!"'],
  ['a port', '‹"cart:80"'],
  ['an address', '‹10.0.0.1'],
  ['a wildcard behind text', '‹"cart*.shop"'],
  ['a label too long', `‹${'a'.repeat(64)}`],
  ['a name too long', `‹${'a.'.repeat(128)}a`],
]);

describeRules('DestinationRule: resource', (marked) => marked, [
  ['host is needed', `${meta}spec: ‹{subsets: []}\n`],
  ['spec is needed', `‹${meta}`],
  ['spec is no text', `${meta}spec: ‹x\n`],
  ['an unknown field', `${meta}spec: {host: a, ‹subset: []}\n`],
  ['fields in snake case', `${meta}spec: {host: a, ‹traffic_policy: {}}\n`],
]);

describeRules('DestinationRule: exportTo', (list) => spec(`, exportTo: ${list}`), [
  ['everybody', '["*"]'],
  ['itself', '["."]'],
  ['namespaces', '[a, b]'],
  ['everybody and a namespace', '[‹"*", a]'],
  ['nobody', '[‹"~"]'],
  ['twice', '[a, ‹a]'],
  ['itself by both names', '[".", ‹shop]'],
  ['no namespace', '[‹a/b]'],
  ['no list', '‹a'],
]);

describeRules('DestinationRule: workloadSelector', spec, [
  ['labels', ', workloadSelector: {matchLabels: {app: a}}'],
  ['no labels is only a warning', ', workloadSelector: {}'],
  ['a wildcard', ', workloadSelector: {matchLabels: {app: ‹"a*"}}'],
  ['a wildcard in a key', ', workloadSelector: {matchLabels: {‹"a*": b}}'],
  ['an empty key', ', workloadSelector: {matchLabels: {‹"": b}}'],
  ['visible beyond its namespace', ', workloadSelector: {matchLabels: {app: a}}, exportTo: [‹other]'],
  ['visible in its namespace', ', workloadSelector: {matchLabels: {app: a}}, exportTo: ["."]'],
  ['labels of a selector are matchLabels', ', workloadSelector: {‹labels: {app: a}}'],
]);

describeRules('DestinationRule: subsets', (subsets) => spec(`, subsets: ${subsets}`), [
  ['labels', '[{name: v1, labels: {version: v1}}]'],
  ['no labels', '[{name: v1}]'],
  ['no name', '[‹{labels: {version: v1}}]'],
  ['an empty name', '[{name: ‹""}]'],
  ['a name with a dot', '[{name: ‹v1.2}]'],
  ['a name twice', '[{name: v1}, {name: ‹v1}]'],
  ['a label with a blank', '[{name: v1, labels: {version: ‹"a b"}}]'],
  ['a key with a blank', '[{name: v1, labels: {‹"a b": v1}}]'],
  ['a key with a prefix', '[{name: v1, labels: {app.example.com/version: v1}}]'],
  ['a label that is a number', '[{name: v1, labels: {version: ‹1}}]'],
  ['an empty policy', '[{name: v1, trafficPolicy: ‹{}}]'],
  ['a fault in its policy', '[{name: v1, trafficPolicy: {loadBalancer: {simple: ‹FASTEST}}}]'],
]);

describeRules('DestinationRule: trafficPolicy', policy, [
  ['empty', '‹{}'],
  ['empty but for a typing error', '‹{‹loadBalanser: {simple: RANDOM}}'],
  ['an empty list of ports', '‹{portLevelSettings: []}'],
  ['tunnel beside PROXY', '{tunnel: {targetHost: a.b, targetPort: 80}, ‹proxyProtocol: {version: V1}}'],
  ['a tunnel without a port', '{tunnel: ‹{targetHost: a.b}}'],
  ['a tunnel to port 0', '{tunnel: {targetHost: a.b, targetPort: ‹0}}'],
  ['a tunnel by GET', '{tunnel: {protocol: ‹GET, targetHost: a.b, targetPort: 80}}'],
  ['a tunnel to no host', '{tunnel: {targetHost: ‹"a b", targetPort: 80}}'],
  ['an unknown PROXY version', '{proxyProtocol: {version: ‹V3}}'],
  ['a budget above 100', '{retryBudget: {percent: ‹101}}'],
  ['a port block', '{portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}'],
  ['a port block without a port', '{portLevelSettings: [‹{loadBalancer: {simple: RANDOM}}]}'],
  ['a port block without a setting', '{portLevelSettings: [‹{port: {number: 80}}]}'],
  [
    'a port that is none is only a warning',
    '{portLevelSettings: [{port: {number: 0}, loadBalancer: {simple: RANDOM}}]}',
  ],
  [
    'a field that port blocks do not have',
    '{portLevelSettings: [{port: {number: 80}, ‹tunnel: {}, tls: {mode: DISABLE}}]}',
  ],
  ['a fault in a port block', '{portLevelSettings: [{port: {number: 80}, outlierDetection: {interval: ‹0s}}]}'],
]);

describeRules('DestinationRule: loadBalancer', balancer, [
  ['empty', '{}'],
  ['every simple one', '{simple: LEAST_CONN}'],
  ['an unknown one', '{simple: ‹FASTEST}'],
  ['one in small letters', '{simple: ‹random}'],
  ['simple and hash', '{simple: RANDOM, ‹consistentHash: {useSourceIp: true}}'],
  ['a slow start', '{simple: ROUND_ROBIN, warmup: {duration: 10s, minimumPercent: 5, aggression: 1.5}}'],
  ['a slow start of RANDOM', '{simple: RANDOM, warmup: {duration: 10s}}'],
  ['a slow start without a time', '{warmup: ‹{minimumPercent: 5}}'],
  ['a slow start from more than all', '{warmup: {duration: 1s, minimumPercent: ‹120}}'],
  ['a slow start with a weak curve', '{warmup: {duration: 1s, aggression: ‹0.5}}'],
  ['an old slow start', '{warmupDurationSecs: ‹0s}'],
  ['a slow start in half milliseconds', '{warmup: {duration: ‹1.5ms}}'],
]);

describeRules('DestinationRule: consistentHash', hash, [
  ['a header', 'httpHeaderName: x'],
  ['an empty header is only a warning', 'httpHeaderName: ""'],
  ['no key', ''],
  ['a source address', 'useSourceIp: false'],
  ['two keys', 'httpHeaderName: x, ‹useSourceIp: true'],
  ['three keys', 'httpHeaderName: x, ‹useSourceIp: true, ‹httpQueryParameterName: q'],
  ['a typing error', '‹httpHeadername: x'],
  ['a source address as text', 'useSourceIp: ‹"yes"'],
  ['a cookie', 'httpCookie: {name: sid, path: /, ttl: 0s, attributes: [{name: SameSite, value: Lax}]}'],
  ['a cookie without a name', 'httpCookie: ‹{ttl: 0s}'],
  ['a cookie with an empty name', 'httpCookie: {name: ‹"", ttl: 0s}'],
  ['a name that no cookie can have is only a warning', 'httpCookie: {name: "a b", ttl: 0s}'],
  ['a ttl that is no time', 'httpCookie: {name: sid, ttl: ‹tomorrow}'],
  ['a ttl in days', 'httpCookie: {name: sid, ttl: ‹1d}'],
  ['a ttl as a number', 'httpCookie: {name: sid, ttl: ‹60}'],
  ['a negative ttl', 'httpCookie: {name: sid, ttl: -5s}'],
  ['a ttl of half a millisecond', 'httpCookie: {name: sid, ttl: 0.5ms}'],
  ['an attribute without a name', 'httpCookie: {name: sid, attributes: [‹{value: Lax}]}'],
  ['an attribute with an empty name', 'httpCookie: {name: sid, attributes: [{name: ‹""}]}'],
  ['an attribute twice', 'httpCookie: {name: sid, attributes: [{name: Secure}, {name: ‹Secure}]}'],
  ['a ring', 'httpHeaderName: x, ringHash: {minimumRingSize: 2048}'],
  ['an empty ring', 'httpHeaderName: x, ringHash: {}'],
  ['a huge ring', 'httpHeaderName: x, ringHash: {minimumRingSize: 99999999}'],
  ['a negative ring', 'httpHeaderName: x, ringHash: {minimumRingSize: ‹-1}'],
  ['a ring in quotes', 'httpHeaderName: x, ringHash: {minimumRingSize: ‹"1024"}'],
  ['an old ring', 'httpHeaderName: x, minimumRingSize: 1024'],
  ['an old ring and a new one', 'httpHeaderName: x, ‹minimumRingSize: 10, ringHash: {}'],
  ['an old ring and a table', 'httpHeaderName: x, ‹minimumRingSize: 10, maglev: {tableSize: 65537}'],
  ['a ring and a table', 'httpHeaderName: x, ringHash: {}, ‹maglev: {tableSize: 65537}'],
  ['a table', 'httpHeaderName: x, maglev: {tableSize: 65537}'],
  ['a table of Istio’s smallest prime is only a warning', 'httpHeaderName: x, maglev: {tableSize: 1}'],
  ['a table without a size', 'httpHeaderName: x, maglev: ‹{}'],
  ['a table of 0', 'httpHeaderName: x, maglev: {tableSize: ‹0}'],
  ['a table that is no prime', 'httpHeaderName: x, maglev: {tableSize: ‹65536}'],
  ['a table that is too large', 'httpHeaderName: x, maglev: {tableSize: ‹5000011}'],
]);

const locality = (fields: string): string =>
  policy(`{outlierDetection: {}, loadBalancer: {localityLbSetting: {${fields}}}}`);

describeRules('DestinationRule: localityLbSetting', locality, [
  ['off', 'enabled: false'],
  ['distribute', 'distribute: [{from: a/*, to: {"a/*": 70, "b/*": 30}}]'],
  ['distribute and failover', 'distribute: [{from: a, to: {a: 100}}], ‹failover: [{from: a, to: b}]'],
  ['shares of 90', 'distribute: [{from: a, ‹to: {a: 70, b: 20}}]'],
  ['no shares', 'distribute: [‹{from: a}]'],
  ['a share of 0', 'distribute: [{from: a, to: {a: 100, b: ‹0}}]'],
  ['a share above 100', 'distribute: [{from: a, to: {a: ‹101}}]'],
  ['overlapping shares', 'distribute: [{from: a, to: {b: 50, ‹b/c: 50}}]'],
  ['overlapping origins', 'distribute: [{from: a/*, to: {a: 100}}, {from: ‹a/b, to: {a: 100}}]'],
  ['the same origin twice', 'distribute: [{from: a/b/c, to: {a: 100}}, {from: ‹a/b/c, to: {a: 100}}]'],
  ['origins side by side', 'distribute: [{from: a/b/c, to: {a: 100}}, {from: a/b/d, to: {a: 100}}]'],
  ['a star in the middle', 'distribute: [{from: ‹"*/b", to: {a: 100}}]'],
  ['an empty zone', 'distribute: [{from: ‹a//c, to: {a: 100}}]'],
  ['no origin', 'distribute: [{from: ‹"", to: {a: 100}}]'],
  ['failover', 'failover: [{from: a, to: b}]'],
  ['failover to itself', 'failover: [{from: a, to: ‹a}]'],
  ['failover to a zone', 'failover: [{from: a, to: ‹b/c}]'],
  ['failover from anywhere', 'failover: [{from: ‹"*", to: b}]'],
  ['failover by topology twice', 'failover: [{from: a, to: b}], failoverPriority: [‹topology.istio.io/subzone]'],
  ['failover by labels too', 'failover: [{from: a, to: b}], failoverPriority: [version]'],
]);

describeRules('DestinationRule: outlierDetection', (fields) => policy(`{outlierDetection: {${fields}}}`), [
  ['empty', ''],
  ['percentages', 'maxEjectionPercent: ‹150, minHealthPercent: ‹-1'],
  ['a short interval', 'interval: ‹0.5ms'],
  ['an interval of 1.5ms', 'interval: ‹1.5ms'],
  ['no ejection time', 'baseEjectionTime: ‹0s'],
  ['local failures without a split', '‹consecutiveLocalOriginFailures: 5'],
  ['local failures with a split', 'consecutiveLocalOriginFailures: 5, splitExternalLocalOriginErrors: true'],
  ['a negative count', 'consecutive5xxErrors: ‹-1'],
  ['null where it may be', 'consecutive5xxErrors: null'],
  ['null where it may not', '‹interval: null'],
  ['the deprecated count', 'consecutiveErrors: 5'],
]);

describeRules('DestinationRule: connectionPool', (fields) => policy(`{connectionPool: ${fields}}`), [
  ['empty', '‹{}'],
  ['empty parts', '{tcp: {}}'],
  [
    'negative limits',
    '{tcp: {maxConnections: ‹-1}, http: {maxRetries: ‹-1, http1MaxPendingRequests: ‹-1, http2MaxRequests: ‹-1, maxRequestsPerConnection: ‹-1, maxConcurrentStreams: ‹-1}}',
  ],
  ['short times', '{tcp: {connectTimeout: ‹0.1ms, maxConnectionDuration: ‹0s}, http: {idleTimeout: ‹0s}}'],
  ['no idle time of connections', '{tcp: {idleTimeout: 0s}}'],
  ['a negative idle time', '{tcp: {idleTimeout: ‹-1s}}'],
  ['an idle time in half milliseconds', '{tcp: {idleTimeout: ‹1.5ms}}'],
  ['keep-alive', '{tcp: {tcpKeepalive: {probes: 3, time: 1h, interval: ‹0s}}}'],
  ['an unknown upgrade', '{http: {h2UpgradePolicy: ‹ALWAYS}}'],
  ['an upgrade and the client’s protocol', '{http: {h2UpgradePolicy: UPGRADE, useClientProtocol: ‹true}}'],
  ['an unknown field', '{http: {‹maxConnections: 1}}'],
]);

describeRules('DestinationRule: tls', (fields) => policy(`{tls: ${fields}}`), [
  ['nothing', '{}'],
  ['off', '{mode: DISABLE}'],
  ['an unknown mode', '{mode: ‹STRICT}'],
  ['MUTUAL without files', '‹{mode: MUTUAL}'],
  ['MUTUAL with a Secret', '{mode: MUTUAL, credentialName: x}'],
  ['a Secret and files', '{mode: SIMPLE, credentialName: x, ‹caCertificates: /a}'],
  ['a ConfigMap', '{mode: SIMPLE, credentialName: configmap://shop/ca}'],
  ['a ConfigMap of another namespace', '{mode: SIMPLE, credentialName: ‹configmap://other/ca}'],
  ['a ConfigMap without a namespace', '{mode: SIMPLE, credentialName: ‹configmap://ca}'],
  ['nothing verified, and names', '{mode: SIMPLE, insecureSkipVerify: true, ‹subjectAltNames: [a]}'],
  [
    'nothing verified, and a CA',
    '{mode: MUTUAL, clientCertificate: /c, privateKey: /k, insecureSkipVerify: true, ‹caCertificates: /a}',
  ],
  ['nothing verified', '{mode: SIMPLE, insecureSkipVerify: true}'],
  ['an unknown field', '{mode: SIMPLE, ‹secretName: x}'],
]);
