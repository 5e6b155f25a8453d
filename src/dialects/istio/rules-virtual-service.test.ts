import { describeRules } from '../../../test/support/marked-rules.ts';

const meta = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, namespace: shop}\n';
const ROUTE = 'route: [{destination: {host: cart}}]';
const spec = (fields: string): string => `${meta}spec: ${fields}\n`;
const BOUND = 'hosts: [shop.example.com], gateways: [gw]';
const rule = (fields: string): string => spec(`{${BOUND}, http: [${fields}]}`);
const match = (fields: string): string => rule(`{match: [${fields}], ${ROUTE}}`);
const routed = (fields: string): string => rule(`{${fields}, ${ROUTE}}`);

describeRules('VirtualService: resource', (marked) => marked, [
  ['spec is needed', `‹${meta}`],
  ['rules are needed', spec(`‹{${BOUND}}`)],
  ['an empty list of rules', spec(`{${BOUND}, http: ‹[]}`)],
  ['a rule is no null', spec(`{${BOUND}, http: [‹null]}`)],
  ['an unknown field', spec(`{${BOUND}, ‹https: [], http: [{${ROUTE}}]}`)],
  ['a delegate', spec(`{http: [{${ROUTE}}]}`)],
  ['a delegate with gateways', spec(`{‹gateways: [gw], http: [{${ROUTE}}]}`)],
  ['a delegate with TCP', spec(`{‹tcp: [{${ROUTE}}]}`)],
  ['a delegate that delegates', spec('{http: [{‹delegate: {name: a}}]}')],
  ['exportTo nobody', spec(`{${BOUND}, exportTo: [‹"~"], http: [{${ROUTE}}]}`)],
]);

describeRules('VirtualService: hosts', (hosts) => spec(`{hosts: ${hosts}, gateways: [gw], http: [{${ROUTE}}]}`), [
  ['a short name', '[shop]'],
  ['an address', '[10.0.0.1]'],
  ['everything', '["*"]'],
  ['a part of a label', '["*foo.com"]'],
  ['a port', '[‹"shop.example.com:80"]'],
  ['a path', '[‹shop.example.com/a]'],
  ['empty', '[‹""]'],
  ['a wildcard in the middle', '[‹"a.*.com"]'],
  ['twice', '[a.example.com, ‹a.example.com]'],
  ['overlapping', '["*.example.com", ‹a.example.com]'],
  ['overlapping the other way round', '[a.example.com, ‹"*.example.com"]'],
  ['different case counts as different', '[a.example.com, A.example.com]'],
  ['side by side', '[a.example.com, "*.example.org"]'],
  ['overlaps are not looked for beside a fault', '["*", ‹"a b", a.example.com]'],
]);

describeRules('VirtualService: gateways', (fields) => spec(`{hosts: [shop.example.com], ${fields}}`), [
  ['forms of reference', `gateways: [infra/gw, gw, gw.infra.svc.cluster.local], http: [{${ROUTE}}]`],
  ['its own folder', `gateways: [‹./gw], http: [{${ROUTE}}]`],
  ['a blank', `gateways: [‹"bad name"], http: [{${ROUTE}}]`],
  ['no name', `gateways: [‹infra/], http: [{${ROUTE}}]`],
  ['nothing is looked at behind a plain name', `gateways: [gw, ./gw], http: [{${ROUTE}}]`],
  ['every host for the mesh', `gateways: [mesh], http: [{${ROUTE}}]`],
  ['a claim without a gateway', `http: [{match: [{headers: {‹"@request.auth.claims.group": {exact: a}}}], ${ROUTE}}]`],
  [
    'a claim with a gateway',
    `gateways: [gw], http: [{match: [{headers: {"@request.auth.claims.group": {exact: a}}}], ${ROUTE}}]`,
  ],
]);

describeRules('VirtualService: every host', spec, [
  ['for the mesh', `{hosts: [‹"*"], http: [{${ROUTE}}]}`],
  ['for the mesh and a gateway', `{hosts: [‹"*"], gateways: [gw, mesh], http: [{${ROUTE}}]}`],
]);

describeRules('VirtualService: actions', rule, [
  ['no action', '‹{match: [{uri: {prefix: /}}]}'],
  ['an empty route', '‹{route: []}'],
  ['route and redirect', `{redirect: {uri: /x}, ‹${ROUTE}}`],
  ['route and directResponse', `{directResponse: {status: 200}, ‹${ROUTE}}`],
  ['redirect and directResponse', '{redirect: {uri: /x}, ‹directResponse: {status: 200}}'],
  ['redirect and rewrite', '{redirect: {uri: /x}, ‹rewrite: {uri: /y}}'],
  ['redirect and fault', '{redirect: {uri: /x}, ‹fault: {abort: {httpStatus: 500, percentage: {value: 1}}}}'],
  ['directResponse and rewrite', '{directResponse: {status: 200}, ‹rewrite: {uri: /y}}'],
  ['delegate', '{delegate: {name: a, namespace: b}}'],
  ['delegate and route', `{delegate: {name: a}, ‹${ROUTE}}`],
  ['delegate and redirect', '{delegate: {name: a}, ‹redirect: {uri: /x}}'],
  ['delegate and directResponse', '{delegate: {name: a}, directResponse: {status: 200}}'],
  ['mirror and mirrors', `{mirror: {host: a}, ‹mirrors: [{destination: {host: b}}], ${ROUTE}}`],
  ['an unknown field', `{‹redirects: {}, ${ROUTE}}`],
]);

describeRules('VirtualService: destinations', rule, [
  ['no destination', '{route: [‹{weight: 100}]}'],
  ['no host', '{route: [{destination: ‹{subset: v1}}]}'],
  ['an empty host', '{route: [{destination: {host: ‹""}}]}'],
  ['every host', '{route: [{destination: {host: ‹"*"}}]}'],
  ['a host with a port', '{route: [{destination: {host: ‹"a:80"}}]}'],
  ['an address', '{route: [{destination: {host: ‹10.0.0.1}}]}'],
  ['port 0', '{route: [{destination: {host: a, port: {number: ‹0}}}]}'],
  ['no port number', '{route: [{destination: {host: a, port: ‹{}}}]}'],
  ['port 70000', '{route: [{destination: {host: a, port: {number: ‹70000}}}]}'],
  ['a port by its name', '{route: [{destination: {host: a, port: {‹name: http, number: 80}}}]}'],
  ['a subset with a dot', '{route: [{destination: {host: a, subset: ‹v1.2}}]}'],
  ['one weight of 0', '{route: [{destination: {host: a}, weight: 0}]}'],
  ['weights of 0', '{‹route: [{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]}'],
  ['no weights', '{‹route: [{destination: {host: a}}, {destination: {host: b}}]}'],
  ['a negative weight', '{route: [{destination: {host: a}, weight: ‹-1}, {destination: {host: b}, weight: 101}]}'],
  ['weights that are not 100', '{route: [{destination: {host: a}, weight: 1}, {destination: {host: b}, weight: 1}]}'],
  ['a weight as text', '{route: [{destination: {host: a}, weight: ‹"50"}]}'],
  ['headers of a destination', '{route: [{destination: {host: a}, headers: {response: {set: {‹":status": "200"}}}}]}'],
]);

describeRules('VirtualService: match', match, [
  [
    'every kind',
    '{uri: {regex: "/a.*"}, method: {exact: GET}, authority: {prefix: shop}, scheme: {exact: https}, headers: {x: {}}, queryParams: {q: {exact: a}}}',
  ],
  ['an empty path prefix', '{uri: {prefix: ""}}'],
  ['an empty method', '{method: {exact: ""}}'],
  ['an empty method prefix', '{method: {prefix: ‹""}}'],
  ['an empty authority prefix', '{authority: {prefix: ‹""}}'],
  ['an empty header prefix', '{headers: {x: {prefix: ‹""}}}'],
  ['an empty query prefix', '{queryParams: {q: {prefix: ‹""}}}'],
  ['an empty pattern', '{uri: {regex: ‹""}}'],
  ['a broken pattern', '{uri: {regex: ‹"/item/[0-9"}}'],
  ['a look-ahead', '{uri: {regex: ‹"/a(?=b)"}}'],
  ['a long pattern', `{uri: {regex: ‹"${'a'.repeat(1025)}"}}`],
  ['a star for a pattern', '{headers: {x: {regex: ‹"*"}}}'],
  ['a star for a pattern of absent headers', '{withoutHeaders: {x: {regex: "*"}}}'],
  ['two kinds', '{uri: {exact: /a, ‹prefix: /b}}'],
  ['two kinds in a header', '{headers: {x: {exact: a, ‹regex: b}}}'],
  ['an unknown kind', '{uri: {‹suffix: /b}}'],
  ['an unknown field', '{‹path: {prefix: /a}}'],
  ['a header name with a blank', '{headers: {‹"bad header": {exact: a}}}'],
  ['an empty header name', '{headers: {‹"": {exact: a}}}'],
  ['a pseudo-header', '{headers: {":authority": {exact: a}}}'],
  ['an absent header name with a blank', '{withoutHeaders: {‹"bad header": {exact: a}}}'],
  ['a header without a match', '{headers: {‹x: null}}'],
  ['text for a match', '{uri: ‹/a}'],
  ['port 0 is none', '{port: 0}'],
  ['port 70000', '{port: ‹70000}'],
  ['labels', '{sourceLabels: {app: ‹"a b"}}'],
  ['gateways', '{gateways: [‹./gw]}'],
  ['a namespace', '{sourceNamespace: ‹"a b"}'],
]);

describeRules('VirtualService: headers', (fields) => routed(`headers: {${fields}}`), [
  ['operations', 'request: {set: {x: a}, add: {y: b}, remove: [z]}, response: {set: {x: a}}'],
  ['an empty name', 'request: {set: {‹"": a}}'],
  ['a name with a blank is only a warning', 'request: {set: {"x y": a}}'],
  ['the authority', 'request: {set: {":authority": a.example.com}}'],
  ['Host', 'request: {set: {Host: a.example.com}}'],
  ['the authority twice', 'request: {set: {Host: a}, add: {‹":authority": b}}'],
  ['the path', 'request: {set: {‹":path": /a}}'],
  ['Host of a response', 'response: {set: {‹host: a}}'],
  ['removing Host', 'request: {remove: [‹host]}'],
  ['removing a pseudo-header', 'request: {remove: [‹":path"]}'],
  ['a command', 'request: {set: {x: "%REQ(x-a)% and 100%%"}}'],
  ['a command with a list', 'request: {set: {x: "%DYNAMIC_METADATA([\\"a\\", \\"b\\"])%"}}'],
  ['a percent sign', 'request: {set: {x: ‹"100%"}}'],
  ['a percent sign in the middle', 'request: {set: {x: ‹"abc%123"}}'],
  ['a command without an end', 'request: {set: {x: ‹"%REQ(x-a)"}}'],
  ['a line break', 'request: {set: {x: ‹"a\\r\\nb: c"}}'],
  ['an unknown operation', 'request: {‹append: {x: a}}'],
  ['a value that is a number', 'request: {set: {x: ‹1}}'],
]);

describeRules('VirtualService: rewrite', (fields) => routed(`rewrite: ${fields}`), [
  ['a path', '{uri: /a}'],
  ['nothing', '‹{}'],
  ['two of them', '{uri: /a, ‹uriRegexRewrite: {match: /b, rewrite: /c}}'],
  ['no pattern', '{uriRegexRewrite: ‹{rewrite: /c}}'],
  ['no substitution', '{uriRegexRewrite: {match: /b, rewrite: ‹""}}'],
  ['a broken pattern', '{uriRegexRewrite: {match: ‹"(", rewrite: /c}}'],
  ['the authority in two places', '{authority: a}, headers: {request: {set: {‹host: b}}}'],
]);

describeRules('VirtualService: redirect', (fields) => rule(`{redirect: ${fields}}`), [
  ['nowhere', '‹{}'],
  ['a port', '{port: 8443}'],
  ['a port of 0', '{port: 0}'],
  ['port 70000', '{port: ‹70000}'],
  ['two ports', '{port: 80, ‹derivePort: FROM_REQUEST_PORT}'],
  ['an unknown port', '{derivePort: ‹FROM_NOWHERE}'],
  ['a scheme', '{scheme: ‹ftp}'],
  ['200', '{uri: /x, redirectCode: ‹200}'],
  ['400', '{uri: /x, redirectCode: ‹400}'],
  ['304 is only a warning', '{uri: /x, redirectCode: 304}'],
]);

describeRules('VirtualService: directResponse', (fields) => rule(`{directResponse: ${fields}}`), [
  ['a body', '{status: 503, body: {string: gone}}'],
  ['no status', '‹{body: {string: gone}}'],
  ['99', '{status: ‹99}'],
  ['601', '{status: ‹601}'],
  ['600 is only a warning', '{status: 600}'],
  ['two bodies', '{status: 200, body: {string: a, ‹bytes: YQ==}}'],
  ['bytes that are none', '{status: 200, body: {bytes: ‹"a b"}}'],
  ['a huge body', `{status: 200, body: {string: ‹"${'a'.repeat(1024 * 1024 + 1)}"}}`],
]);

describeRules('VirtualService: timeout and retries', routed, [
  ['a timeout', 'timeout: 1h30m0.5s'],
  ['0s', 'timeout: ‹0s'],
  ['0.5ms', 'timeout: ‹0.5ms'],
  ['1.5ms', 'timeout: ‹1.5ms'],
  ['no unit', 'timeout: ‹"10"'],
  ['a number', 'timeout: ‹10'],
  ['no retries', 'retries: {attempts: 0}'],
  ['settings without attempts', 'retries: {‹perTryTimeout: 2s, ‹retryOn: 5xx}'],
  ['settings with attempts of 0', 'retries: {attempts: 0, ‹retryRemoteLocalities: true}'],
  ['a back-off without attempts', 'retries: {backoff: 25ms}'],
  ['a negative count', 'retries: {attempts: ‹-1}'],
  ['short times', 'retries: {attempts: 1, perTryTimeout: ‹0.1ms, backoff: ‹0s}'],
  ['conditions', 'retries: {attempts: 1, retryOn: "5xx,connect-failure,503,retriable-headers"}'],
  ['a blank', 'retries: {attempts: 1, retryOn: ‹"5xx, 503"}'],
  ['an unknown word', 'retries: {attempts: 1, retryOn: ‹sometimes}'],
  ['an unknown status', 'retries: {attempts: 1, retryOn: ‹"599"}'],
  ['an unknown field', 'retries: {attempts: 1, ‹timeout: 1s}'],
]);

describeRules('VirtualService: fault', (fields) => routed(`fault: ${fields}`), [
  ['nothing', '‹{}'],
  ['a delay without a time', '{delay: {percentage: {value: 5}}}'],
  ['a delay without a percentage', '{delay: {fixedDelay: 1s}}'],
  ['no delay', '{delay: {fixedDelay: ‹0s, percentage: {value: 5}}}'],
  ['a growing delay', '{delay: {‹exponentialDelay: 1s}}'],
  ['two delays', '{delay: {fixedDelay: 1s, ‹exponentialDelay: 1s}}'],
  ['more than all', '{abort: {httpStatus: 500, percentage: {value: ‹101}}}'],
  ['less than a millionth', '{abort: {httpStatus: 500, percentage: {value: ‹0.00001}}}'],
  ['a negative share', '{delay: {fixedDelay: 1s, percentage: {value: ‹-1}}}'],
  ['42', '{abort: {httpStatus: ‹42, percentage: {value: 1}}}'],
  ['a gRPC status', '{abort: {grpcStatus: UNAVAILABLE, percentage: {value: 1}}}'],
  ['an unknown gRPC status', '{abort: {grpcStatus: ‹Unavailable, percentage: {value: 1}}}'],
  ['an HTTP/2 error', '{abort: {‹http2Error: CANCEL}}'],
  ['two statuses', '{abort: {httpStatus: 500, ‹grpcStatus: UNAVAILABLE}}'],
  ['no status is only a warning', '{abort: {percentage: {value: 1}}}'],
]);

describeRules('VirtualService: mirrors', routed, [
  ['a mirror', 'mirror: {host: a}, mirrorPercentage: {value: 0.5}'],
  ['a mirror without a host', 'mirror: ‹{subset: v1}'],
  ['a mirror to port 0', 'mirror: {host: a, port: {number: ‹0}}'],
  ['more than all', 'mirror: {host: a}, mirrorPercentage: {value: ‹120}'],
  ['more than all in whole percents', 'mirror: {host: a}, mirrorPercent: ‹120'],
  ['a mirror without a destination', 'mirrors: [‹{percentage: {value: 1}}]'],
  ['less than nothing', 'mirrors: [{destination: {host: a}, percentage: {value: ‹-1}}]'],
]);

describeRules('VirtualService: corsPolicy', (fields) => routed(`corsPolicy: {${fields}}`), [
  [
    'a policy',
    'allowOrigins: [{exact: "*"}], allowMethods: [GET, "*"], allowHeaders: ["*"], maxAge: 24h, allowCredentials: null',
  ],
  ['no origin', 'allowOrigins: [‹{}]'],
  ['an empty origin', 'allowOrigins: [{exact: ‹""}]'],
  ['a broken pattern', 'allowOrigins: [{regex: ‹"("}]'],
  ['an unknown method', 'allowMethods: [‹FETCH]'],
  ['a method in small letters', 'allowMethods: [‹get]'],
  ['a header name with a blank', 'allowHeaders: [‹"a b"]'],
  ['an empty header name', 'exposeHeaders: [‹""]'],
  ['no age', 'maxAge: ‹0s'],
  ['an age in milliseconds', 'maxAge: ‹1500ms'],
  ['an unknown word', 'unmatchedPreflights: ‹DROP'],
]);

describeRules('VirtualService: tls', (rules) => spec(`{${BOUND}, tls: [${rules}]}`), [
  ['a rule', `{match: [{port: 443, sniHosts: [shop.example.com]}], ${ROUTE}}`],
  ['no match', `‹{${ROUTE}}`],
  ['an empty match', `{match: ‹[], ${ROUTE}}`],
  ['no host', `{match: [‹{port: 443}], ${ROUTE}}`],
  ['no hosts', `{match: [{sniHosts: ‹[]}], ${ROUTE}}`],
  ['a host of nobody', `{match: [{sniHosts: [‹other.example.org]}], ${ROUTE}}`],
  ['a wider host', `{match: [{sniHosts: [‹"*.example.com"]}], ${ROUTE}}`],
  ['a host with a port', `{match: [{sniHosts: [‹"shop.example.com:443"]}], ${ROUTE}}`],
  ['an address is only a warning', `{match: [{sniHosts: [10.0.0.1]}], ${ROUTE}}`],
  ['a range', `{match: [{sniHosts: [shop.example.com], destinationSubnets: [‹10.0.0.0/33]}], ${ROUTE}}`],
  ['no route', '‹{match: [{sniHosts: [shop.example.com]}]}'],
  ['an unknown field', `{match: [{sniHosts: [shop.example.com], ‹uri: {prefix: /}}], ${ROUTE}}`],
]);

describeRules('VirtualService: tcp', (rules) => spec(`{${BOUND}, tcp: [${rules}]}`), [
  ['a rule', `{match: [{port: 31400}], ${ROUTE}}`],
  ['no match', `{${ROUTE}}`],
  ['no route', '‹{match: [{port: 31400}]}'],
  ['an empty host', '{route: [{destination: {host: ‹""}}]}'],
  ['a negative weight', '{route: [{destination: {host: a}, weight: ‹-1}]}'],
  ['port 70000', `{match: [{port: ‹70000}], ${ROUTE}}`],
  ['labels', `{match: [{sourceLabels: {a: ‹"b c"}}], ${ROUTE}}`],
]);
