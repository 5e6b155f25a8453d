import { describeRules } from '../../../test/support/marked-rules.ts';

const meta = 'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw, namespace: shop}\n';
const server = (rest: string): string => `${meta}spec:\n  selector: {istio: ingressgateway}\n  servers:\n  - ${rest}\n`;

describeRules('Gateway: resource', (marked) => marked, [
  [
    'a name is a DNS label',
    `${meta.replace('name: gw', 'name: ‹a.b')}spec: {servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"]}]}\n`,
  ],
  [
    'annotations of istiod',
    `${meta.replace('shop}', 'shop, annotations: {‹istio.io/dry-run: "true"}}')}spec: {servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"]}]}\n`,
  ],
  ['spec is needed', `‹${meta}`],
  ['servers are needed', `${meta}spec: ‹{selector: {a: b}}\n`],
  ['one server at least', `${meta}spec: {servers: ‹[]}\n`],
  ['a server is no null', `${meta}spec: {servers: [‹null]}\n`],
  ['servers are a list', `${meta}spec: {servers: ‹{}}\n`],
  [
    'a selector is text',
    `${meta}spec: {selector: {a: ‹1}, servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"]}]}\n`,
  ],
  [
    'a key without a value',
    `${meta}spec:\n  ‹selector:\n  servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"]}]\n`,
  ],
  [
    'unknown field of the spec',
    `${meta}spec: {‹server: [], servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"]}]}\n`,
  ],
  [
    'port names are unique',
    `${meta}spec:\n  servers:\n  - {port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"]}\n  - {port: {number: 81, name: ‹h, protocol: HTTP}, hosts: ["*"]}\n`,
  ],
  [
    'several errors at once',
    `${meta}spec:\n  servers:\n  - {port: {number: ‹0, name: h, protocol: ‹SPDY}, hosts: [‹short, "*"]}\n  - {port: {number: 81, name: i, protocol: HTTP}, hosts: ‹[]}\n`,
  ],
]);

describeRules('Gateway: hosts', (hosts) => server(`{port: {number: 80, name: h, protocol: HTTP}, hosts: ${hosts}}`), [
  ['a full name', '[shop.example.com]'],
  ['upper case', '[Shop.Example.com]'],
  ['all hosts', '["*"]'],
  ['a wildcard', '["*.example.com"]'],
  ['a dot at the end', '[shop.example.com.]'],
  ['an IPv4 address', '[10.0.0.1]'],
  ['an IPv6 address counts as a short name', '[‹"2001:db8::1"]'],
  ['a namespace', '[shop/a.example.com, ./b.example.com, "*/c.example.com", "shop/*"]'],
  ['a wrong namespace', '[‹Bad_NS/a.example.com]'],
  ['a hidden namespace', '[‹"~/a.example.com"]'],
  ['an empty namespace', '[‹/a.example.com]'],
  ['no host behind the namespace', '[‹shop/]'],
  ['two slashes', '[‹a/b/c.example.com]'],
  ['a short name', '[‹shop]'],
  ['a short name with a namespace', '[‹ns/shop]'],
  ['a port', '[‹"shop.example.com:80"]'],
  ['a scheme', '[‹"https://shop.example.com"]'],
  ['a wildcard within a label', '[‹"*shop.example.com"]'],
  ['a wildcard in the middle', '[‹"shop.*.com"]'],
  ['an underscore', '[‹my_shop.example.com]'],
  ['a number at the end', '[‹shop.example.1]'],
  ['two dots', '[‹shop..com]'],
  ['an empty host', '[‹""]'],
  ['a host that is a number', '[‹80]'],
  ['no hosts', '‹[]'],
  ['hosts as text', '‹shop.example.com'],
]);

describeRules('Gateway: server', server, [
  ['port is needed', '‹{hosts: ["*"]}'],
  ['hosts are needed', '‹{port: {number: 80, name: h, protocol: HTTP}}'],
  ['a number is needed', '{port: ‹{name: h, protocol: HTTP}, hosts: ["*"]}'],
  ['a name is needed', '{port: ‹{number: 80, protocol: HTTP}, hosts: ["*"]}'],
  ['a name is not empty', '{port: {number: 80, name: ‹"", protocol: HTTP}, hosts: ["*"]}'],
  ['a protocol is needed', '{port: ‹{number: 80, name: h}, hosts: ["*"]}'],
  ['a protocol is one of Istio', '{port: {number: 80, name: h, protocol: ‹QUIC}, hosts: ["*"]}'],
  ['a protocol in any case', '{port: {number: 80, name: h, protocol: http}, hosts: ["*"]}'],
  ['a port is above 0', '{port: {number: ‹0, name: h, protocol: HTTP}, hosts: ["*"]}'],
  ['a port is below 65536', '{port: {number: ‹65536, name: h, protocol: HTTP}, hosts: ["*"]}'],
  ['a port is a number', '{port: {number: ‹"80", name: h, protocol: HTTP}, hosts: ["*"]}'],
  ['a port is whole', '{port: {number: ‹80.5, name: h, protocol: HTTP}, hosts: ["*"]}'],
  ['a target port', '{port: {number: 80, name: h, protocol: HTTP, ‹targetPort: 8080}, hosts: ["*"]}'],
  ['an address to bind to', '{port: {number: 80, name: h, protocol: HTTP}, bind: 127.0.0.1, hosts: ["*"]}'],
  ['a name to bind to', '{port: {number: 80, name: h, protocol: HTTP}, bind: ‹localhost, hosts: ["*"]}'],
  ['a socket to bind to', '{port: {number: 0, name: h, protocol: HTTP}, bind: "unix:///run/a", hosts: ["*"]}'],
  ['a socket with a port', '{port: {number: ‹80, name: h, protocol: HTTP}, bind: "unix:///run/a", hosts: ["*"]}'],
  ['a socket that is a folder', '{port: {number: 0, name: h, protocol: HTTP}, bind: ‹"unix:///run/", hosts: ["*"]}'],
  ['a socket by a relative path', '{port: {number: 0, name: h, protocol: HTTP}, bind: ‹"unix://a", hosts: ["*"]}'],
  ['an unknown field', '{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"], ‹hostz: []}'],
]);

describeRules('Gateway: TLS', (tls) => server(`{port: {number: 443, name: h, protocol: HTTPS}, hosts: ["*"]${tls}}`), [
  ['a Secret', ', tls: {mode: SIMPLE, credentialName: x}'],
  ['files', ', tls: {mode: SIMPLE, serverCertificate: /c, privateKey: /k}'],
  ['several Secrets', ', tls: {mode: SIMPLE, credentialNames: [a, b]}'],
  ['certificates of clients', ', tls: {mode: MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /a}'],
  ['the mesh', ', tls: {mode: ISTIO_MUTUAL}'],
  ['no mode is PASSTHROUGH', ', tls: {}'],
  ['a redirect is only a warning', ', tls: {mode: SIMPLE, credentialName: x, httpsRedirect: true}'],
  ['a suite that nobody knows is only a warning', ', tls: {mode: SIMPLE, credentialName: x, cipherSuites: [FOO]}'],
]);

describeRules(
  'Gateway: TLS at fault',
  (tls) => server(`‹{port: {number: 443, name: h, protocol: HTTPS}, hosts: ["*"]${tls}}`),
  [['HTTPS needs tls', '']],
);

describeRules(
  'Gateway: TLS fields',
  (tls) => server(`{port: {number: 443, name: h, protocol: HTTPS}, hosts: ["*"], tls: ${tls}}`),
  [
    ['an unknown mode', '{mode: ‹TERMINATE, credentialName: x}'],
    ['SIMPLE without certificates', '‹{mode: SIMPLE}'],
    ['SIMPLE without a key', '‹{mode: SIMPLE, serverCertificate: /c}'],
    ['MUTUAL without a CA', '‹{mode: MUTUAL, serverCertificate: /c, privateKey: /k}'],
    ['OPTIONAL_MUTUAL without a CA', '‹{mode: OPTIONAL_MUTUAL, serverCertificate: /c, privateKey: /k}'],
    ['ISTIO_MUTUAL with a Secret', '{mode: ISTIO_MUTUAL, ‹credentialName: x}'],
    ['ISTIO_MUTUAL with files', '{mode: ISTIO_MUTUAL, ‹serverCertificate: /c, ‹privateKey: /k, ‹caCertificates: /a}'],
    ['a Secret and files', '{mode: SIMPLE, credentialName: x, ‹serverCertificate: /c, privateKey: /k}'],
    ['a Secret and Secrets', '{mode: SIMPLE, credentialName: x, ‹credentialNames: [a]}'],
    ['three Secrets', '{mode: SIMPLE, credentialNames: ‹[a, b, c]}'],
    ['no Secrets', '{mode: PASSTHROUGH, credentialNames: ‹[]}'],
    ['a list of certificates with a gap', '{mode: SIMPLE, tlsCertificates: [‹{serverCertificate: /c}]}'],
    ['revocation beside a Secret is read from it', '{mode: MUTUAL, credentialName: x, caCrl: /r}'],
    ['revocation with SIMPLE', '{mode: SIMPLE, serverCertificate: /c, privateKey: /k, ‹caCrl: /r}'],
    ['revocation with PASSTHROUGH and a Secret', '{mode: PASSTHROUGH, credentialName: x, ‹caCrl: /r}'],
    ['an unknown version', '{mode: SIMPLE, credentialName: x, minProtocolVersion: ‹TLSV1_4}'],
    ['an unknown field', '{mode: SIMPLE, credentialName: x, ‹secretName: y}'],
    ['names that are no list', '{mode: SIMPLE, credentialName: x, subjectAltNames: ‹a.example.com}'],
    ['a redirect that is text', '{mode: SIMPLE, credentialName: x, httpsRedirect: ‹"true"}'],
  ],
);

describeRules('Gateway: TLS where it does not belong', server, [
  ['a redirect on HTTP', '{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}'],
  [
    'a mode on HTTP',
    '{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"], tls: {mode: ‹SIMPLE, credentialName: x}}',
  ],
  ['files on HTTP', '{port: {number: 80, name: h, protocol: HTTP}, hosts: ["*"], tls: {‹privateKey: /k}}'],
  [
    'settings on TCP',
    '{port: {number: 80, name: h, protocol: TCP}, hosts: ["*"], ‹tls: {mode: SIMPLE, credentialName: x}}',
  ],
  ['a redirect on MONGO', '{port: {number: 80, name: h, protocol: MONGO}, hosts: ["*"], ‹tls: {httpsRedirect: true}}'],
]);
