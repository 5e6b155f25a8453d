/** A pod of the test: an HTTP server on a loopback address. */
export interface PodAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Value of the label `version`. */
  readonly version: string;
}

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
`;

/** Configurations by name: each is a Service with a DestinationRule, served at `NAME.example`. */
const POLICIES: Readonly<Record<string, string>> = {
  'cookie-ring': '{consistentHash: {httpCookie: {name: sid, ttl: 0s}}}',
  'cookie-maglev': '{consistentHash: {maglev: {tableSize: 1009}, httpCookie: {name: sid, ttl: 60s, path: /}}}',
  'header-ring': '{consistentHash: {ringHash: {minimumRingSize: 512}, httpHeaderName: x-user}}',
  'header-maglev': '{consistentHash: {maglev: {tableSize: 251}, httpHeaderName: X-User}}',
  'query-ring': '{consistentHash: {httpQueryParameterName: user, minimumRingSize: 64}}',
  'source-ip': '{consistentHash: {useSourceIp: true}}',
  'authority-header': '{consistentHash: {httpHeaderName: ":authority"}}',
};

const LABELS: Readonly<Record<string, string>> = {
  'session-cookie': 'istio.io/persistent-session: my-session',
  'session-header': 'istio.io/persistent-session-header: x-session',
};

export const HOSTS: readonly string[] = [
  ...Object.keys(POLICIES),
  ...Object.keys(LABELS),
  'subsets',
  'one-side',
  'rules',
];

/** The whole configuration, with these pods behind every Service. */
export function toManifests(pods: readonly PodAddress[]): string {
  const services = [...Object.keys(POLICIES), 'subsets'].map((name) => toService(name, '', pods));
  const labelled = Object.entries(LABELS).map(([name, label]) => toService(name, label, pods));
  const rules = Object.entries(POLICIES).map(([name, policy]) =>
    toRule(name, `trafficPolicy: {loadBalancer: ${policy}}`),
  );
  const routes = [...Object.keys(POLICIES), ...Object.keys(LABELS)].map((name) =>
    toRoutes(name, `  - route: [{destination: {host: ${name}, port: {number: 8080}}}]\n`),
  );
  const podObjects = pods.map(
    ({ name, version }) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop, labels: {version: ${version}}}\n`,
  );
  const all = [
    GATEWAY,
    ...services,
    ...labelled,
    ...rules,
    ...routes,
    SUBSET_RULE,
    SUBSETS,
    ONE_SIDE,
    RULES,
    ...podObjects,
  ];
  return all.join('---\n');
}

function toService(name: string, label: string, pods: readonly PodAddress[]): string {
  const service = `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop, labels: {${label}}}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080, targetPort: 8080, protocol: TCP}]
`;
  // Every pod has a port of its own, so each is a slice.
  const slices = pods.map(
    (pod) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-${pod.name}, namespace: shop, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: ${pod.port}, protocol: TCP}]
endpoints:
- {addresses: [${pod.host}], conditions: {ready: true}, targetRef: {kind: Pod, name: ${pod.name}, namespace: shop}}
`,
  );
  return [service, ...slices].join('---\n');
}

function toRule(host: string, spec: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host}, namespace: shop}
spec: {host: ${host}, ${spec}}
`;
}

function toRoutes(name: string, http: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: shop}
spec:
  hosts: [${name}.example, "*.${name}.example"]
  gateways: [edge]
  http:
${http}`;
}

const SUBSET_RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: subsets, namespace: shop}
spec:
  host: subsets
  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - name: v2
    labels: {version: v2}
    trafficPolicy: {loadBalancer: {consistentHash: {maglev: {tableSize: 31}, httpCookie: {name: sid, ttl: 0s}}}}
`;

const SUBSETS = toRoutes(
  'subsets',
  `  - match: [{uri: {prefix: /v2}}, {headers: {x-user: {regex: "user-1.*"}}}]
    route: [{destination: {host: subsets, subset: v2}}]
  - route: [{destination: {host: subsets, subset: v1}}]
`,
);

const ONE_SIDE = toRoutes(
  'one-side',
  `  - route:
    - {destination: {host: header-ring}, weight: 100}
    - {destination: {host: query-ring}, weight: 0}
`,
);

/** What is decided before a pod is chosen, and what is done to requests on their way. */
const RULES = toRoutes(
  'rules',
  `  - match: [{uri: {exact: /old}}]
    redirect: {uri: /new, authority: www.example, redirectCode: 308}
  - match: [{uri: {prefix: /down}}]
    directResponse: {status: 503, body: {string: "down\\n"}}
  - match: [{uri: {prefix: /api/}, ignoreUriCase: true}]
    rewrite: {uri: /, authority: api.internal}
    headers: {request: {set: {x-level: "100%%"}}, response: {add: {x-via: edge}}}
    route: [{destination: {host: header-ring}}]
  - match: [{method: {exact: OPTIONS}}, {queryParams: {cors: {exact: "1"}}}]
    corsPolicy: {allowOrigins: [{exact: "http://a.example"}], allowMethods: [GET], maxAge: 1h}
    route: [{destination: {host: header-ring}}]
  - match: [{uri: {regex: "/v[0-9]+/.*"}}]
    rewrite: {uriRegexRewrite: {match: "^/v([0-9]+)/", rewrite: "/version-\\\\1/"}}
    route: [{destination: {host: header-ring}}]
  - match: [{headers: {x-user: {prefix: user-2}}, withoutHeaders: {x-skip: {}}}]
    fault: {abort: {httpStatus: 418, percentage: {value: 100}}}
    route: [{destination: {host: header-ring}}]
`,
);
