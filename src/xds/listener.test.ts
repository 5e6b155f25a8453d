import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
} from '../../test/support/model-builder.ts';
import { DiagnosticSink } from '../diagnostics/sink.ts';
import { PLAIN_HTTP1 } from '../model/cluster.ts';
import type { ClientAddressPolicy, FilterChain, Listener } from '../model/listener.ts';
import type { ServerTls } from '../model/tls.ts';
import { toBootstrap } from './bootstrap.ts';
import type { Message } from './proto-json.ts';
import { toXds } from './xds.ts';

const BASE = buildListener([buildRoute(buildForward('pods'))]);
const [HTTP_CHAIN] = BASE.chains;
const TLS: ServerTls = {
  minVersion: 'TLSv1.2',
  maxVersion: null,
  cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256'],
  ecdhCurves: ['X25519'],
  alpn: ['h2', 'http/1.1'],
  credentials: [{ kind: 'secret', namespace: 'istio-system', name: 'shop' }],
  clients: {
    required: true,
    authorities: { kind: 'secret', namespace: 'pki', name: 'ca' },
    subjectAltNames: ['client.example'],
  },
};

function emit(overrides: Partial<Listener>): Message {
  const [listener] = toXds({ listeners: [{ ...BASE, ...overrides }], clusters: [] }, new DiagnosticSink()).listeners;
  return listener ?? assert.fail('no listener');
}

function chain(overrides: Partial<FilterChain>): FilterChain {
  return { ...(HTTP_CHAIN ?? assert.fail('no chain')), ...overrides };
}

function managerOf(listener: Message): Message {
  const [first] = listener['filterChains'] as { filters: { typedConfig: Message }[] }[];
  return first?.filters[0]?.typedConfig ?? assert.fail('no filter');
}

describe('listeners', () => {
  it('look at TLS where a chain ends it or goes by its server name', () => {
    const names = (listener: Message): unknown =>
      (listener['listenerFilters'] as Message[] | undefined)?.map(({ name }) => name);
    assert.equal(names(emit({})), undefined);
    assert.deepEqual(names(emit({ chains: [chain({ serverNames: ['a.example'] })] })), [
      'envoy.filters.listener.tls_inspector',
    ]);
    assert.deepEqual(names(emit({ proxyProtocol: true, chains: [chain({ tls: TLS })] })), [
      'envoy.filters.listener.proxy_protocol',
      'envoy.filters.listener.tls_inspector',
    ]);
  });

  it("name Secrets of the gateway's namespace as Istio does, and others with theirs", () => {
    const [emitted] = emit({ chains: [chain({ tls: TLS, serverNames: ['shop.example'] })] })[
      'filterChains'
    ] as Message[];
    assert.deepEqual(emitted?.['filterChainMatch'], { serverNames: ['shop.example'] });
    const text = JSON.stringify(emitted?.['transportSocket']);
    assert.match(text, /"tlsCertificateSdsSecretConfigs":\[\{"name":"kubernetes:\/\/shop"/);
    assert.match(text, /"validationContextSdsSecretConfig":\{"name":"kubernetes-gateway:\/\/pki\/ca"/);
    assert.match(text, /"matchSubjectAltNames":\[\{"exact":"client.example"\}\]/);
    assert.match(text, /"tlsMinimumProtocolVersion":"TLSv1_2","cipherSuites"/);
    assert.match(text, /"ecdhCurves":\["X25519"\]/);
    assert.match(text, /"requireClientCertificate":true/);
  });

  it('have paths in the form that is asked for', () => {
    const formOf = (pathNormalization: Listener['pathNormalization']) => {
      const { normalizePath, mergeSlashes, pathWithEscapedSlashesAction } = managerOf(emit({ pathNormalization }));
      return [normalizePath, mergeSlashes, pathWithEscapedSlashesAction];
    };
    assert.deepEqual(formOf('none'), [false, undefined, 'KEEP_UNCHANGED']);
    assert.deepEqual(formOf('base'), [true, undefined, 'KEEP_UNCHANGED']);
    assert.deepEqual(formOf('mergeSlashes'), [true, true, 'KEEP_UNCHANGED']);
    assert.deepEqual(formOf('decodeAndMergeSlashes'), [true, true, 'UNESCAPE_AND_FORWARD']);
  });

  it('pass bytes on to one cluster or several', () => {
    const proxy = { kind: 'tcp', hashSourceIp: true, idleTimeoutMillis: 33_000, maxDurationMillis: null } as const;
    const one = managerOf(emit({ chains: [chain({ proxy: { ...proxy, targets: [{ cluster: 'a', weight: 1 }] } })] }));
    assert.deepEqual([one['cluster'], one['hashPolicy'], one['idleTimeout']], ['a', [{ sourceIp: {} }], '33s']);
    const targets = [
      { cluster: 'a', weight: 70 },
      { cluster: 'b', weight: 30 },
    ];
    const two = managerOf(emit({ chains: [chain({ proxy: { ...proxy, targets, hashSourceIp: false } })] }));
    assert.deepEqual(two['weightedClusters'], {
      clusters: [
        { name: 'a', weight: 70 },
        { name: 'b', weight: 30 },
      ],
    });
  });

  const policy: ClientAddressPolicy = BASE.clientAddress;
  const sources: readonly (readonly [ClientAddressPolicy['source'], RegExp])[] = [
    [
      { kind: 'remoteAddress', trustedHops: 2, appendForwardedFor: false },
      /"useRemoteAddress":true,"xffNumTrustedHops":2,"skipXffAppend":true/,
    ],
    [{ kind: 'forwardedFor', trustedHops: 1 }, /"useRemoteAddress":false,"xffNumTrustedHops":1/],
    [
      {
        kind: 'detectForwardedFor',
        trust: { cidrs: [{ address: '10.0.0.0', prefixLength: 8 }] },
        appendForwardedFor: true,
      },
      /xff\.v3\.XffConfig","xffTrustedCidrs":\{"cidrs":\[\{"addressPrefix":"10\.0\.0\.0","prefixLen":8\}\]\},"skipXffAppend":false/,
    ],
    [{ kind: 'detectHeader', name: 'x-real-ip' }, /CustomHeaderConfig","headerName":"x-real-ip"/],
  ];
  for (const [source, expected] of sources) {
    it(`find the client by ${JSON.stringify(source)}`, () => {
      const manager = managerOf(emit({ clientAddress: { ...policy, source } }));
      assert.match(JSON.stringify(manager), expected);
    });
  }
});

describe('a bootstrap', () => {
  const tlsListener = { ...BASE, chains: [chain({ tls: TLS })] };
  const options = { ports: new Map([[80, 18080]]), bind: '127.0.0.1', adminPort: 0, secretsFolder: null };
  const bootstrap = (listener: Listener, secretsFolder: string | null) => {
    const sink = new DiagnosticSink();
    const tls = { ...TLS, credential: null, verify: TLS.clients, sni: 'pods.example', sniFromHost: false };
    const cluster = buildCluster('pods', [buildEndpoint({ host: 'pods.example', port: 443 })], {
      protocol: { ...PLAIN_HTTP1, tls },
    });
    const { staticResources } = toBootstrap(
      { listeners: [listener], clusters: [cluster] },
      { ...options, secretsFolder },
      sink,
    );
    const { listeners, clusters } = staticResources as { listeners: Message[]; clusters: Message[] };
    return { listeners, clusters, remarks: sink.sorted().map(({ code, help }) => `${code}: ${help}`) };
  };

  it('binds where it is told, and holds all that its listeners and clusters need', () => {
    const { listeners, clusters } = bootstrap(BASE, '/secrets');
    assert.deepEqual(listeners[0]?.['address'], { socketAddress: { address: '127.0.0.1', portValue: 18080 } });
    assert.match(JSON.stringify(listeners), /"routeConfig":\{"name":"http.80"/);
    // The endpoint is a name, which only a cluster of names can look up.
    assert.equal(clusters[0]?.['type'], 'STRICT_DNS');
    assert.match(JSON.stringify(clusters), /"trustedCa":\{"filename":"\/secrets\/pki\/ca\/ca.crt"\}/);
    assert.doesNotMatch(JSON.stringify([listeners, clusters]), /"ads"|sdsConfig/);
  });

  it('reads certificates from files', () => {
    const { listeners, remarks } = bootstrap(tlsListener, '/secrets');
    assert.match(
      JSON.stringify(listeners),
      /"certificateChain":\{"filename":"\/secrets\/istio-system\/shop\/tls.crt"\}/,
    );
    assert.deepEqual(remarks, []);
  });

  it('leaves out what needs Secrets that nobody gave, and says so', () => {
    const { listeners, clusters, remarks } = bootstrap(tlsListener, null);
    assert.deepEqual([listeners, clusters], [[], []]);
    assert.deepEqual(remarks, ['inexpressible: Give --secrets FOLDER, with NAMESPACE/NAME/tls.crt and tls.key.']);
  });
});
