import type {
  ClientAddressPolicy,
  ClientAddressSource,
  FilterChain,
  HttpProxy,
  Listener,
  PathNormalization,
} from '../model/listener.ts';
import type { EmitContext } from './emit-context.ts';
import { CORS_FILTER, FAULT_FILTER, SESSION_FILTER } from './filter-config.ts';
import { extension, FROM_ADS, type Message, message } from './proto-json.ts';
import { emitRouteConfiguration } from './route-configuration.ts';

const FILTER_TYPES = 'envoy.extensions.filters.http';

/** In the order of Istio's gateway. All but the router do nothing until a route has configuration for them. */
const HTTP_FILTERS: readonly Message[] = [
  extension(FAULT_FILTER, `${FILTER_TYPES}.fault.v3.HTTPFault`),
  extension(CORS_FILTER, `${FILTER_TYPES}.cors.v3.Cors`),
  extension(SESSION_FILTER, `${FILTER_TYPES}.stateful_session.v3.StatefulSession`),
  extension('envoy.filters.http.router', `${FILTER_TYPES}.router.v3.Router`),
];

/** The network filter of a chain that serves requests, with the settings that Limpet's own data plane stands for. */
export function emitConnectionManager(
  context: EmitContext,
  listener: Listener,
  chain: FilterChain,
  proxy: HttpProxy,
): Message {
  const fields = message({
    statPrefix: `${listener.name}_${chain.name}`,
    ...(context.inline
      ? { routeConfig: emitRouteConfiguration(context, chain.name, proxy) }
      : { rds: { configSource: FROM_ADS, routeConfigName: chain.name } }),
    httpFilters: HTTP_FILTERS,
    ...emitClientAddress(listener.clientAddress),
    ...(listener.serverHeader === null
      ? { serverHeaderTransformation: 'PASS_THROUGH' }
      : { serverName: listener.serverHeader }),
    ...emitPathNormalization(listener.pathNormalization),
    proxy100Continue: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    streamIdleTimeout: '0s',
    forwardClientCertDetails: 'SANITIZE_SET',
    setCurrentClientCertDetails: { subject: true, cert: true, dns: true, uri: true },
  });
  return extension(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    fields,
  );
}

function emitPathNormalization(form: PathNormalization): Message {
  return message({
    normalizePath: form !== 'none',
    mergeSlashes: form === 'mergeSlashes' || form === 'decodeAndMergeSlashes' || null,
    pathWithEscapedSlashesAction: form === 'decodeAndMergeSlashes' ? 'UNESCAPE_AND_FORWARD' : 'KEEP_UNCHANGED',
  });
}

/** Who the client is (envoy-affinity §11), and what of it the pods are told. */
function emitClientAddress(policy: ClientAddressPolicy): Message {
  const { source, internalCidrs, requestId, requestIdInResponse, scheme } = policy;
  return message({
    ...emitSource(source),
    internalAddressConfig:
      internalCidrs.length === 0
        ? null
        : { cidrRanges: internalCidrs.map(({ address, prefixLength }) => toCidr(address, prefixLength)) },
    generateRequestId: requestId === 'off' ? false : null,
    preserveExternalRequestId: requestId === 'preserve' || null,
    alwaysSetRequestIdInResponse: requestIdInResponse || null,
    schemeHeaderTransformation: scheme === null ? null : { schemeToOverwrite: scheme },
  });
}

function emitSource(source: ClientAddressSource): Message {
  switch (source.kind) {
    case 'remoteAddress':
      return message({
        useRemoteAddress: true,
        xffNumTrustedHops: source.trustedHops || null,
        skipXffAppend: source.appendForwardedFor ? null : true,
      });
    case 'forwardedFor':
      return message({ useRemoteAddress: false, xffNumTrustedHops: source.trustedHops || null });
    case 'detectForwardedFor': {
      const { trust } = source;
      const xff = message({
        xffNumTrustedHops: 'hops' in trust ? trust.hops : null,
        xffTrustedCidrs:
          'cidrs' in trust
            ? { cidrs: trust.cidrs.map(({ address, prefixLength }) => toCidr(address, prefixLength)) }
            : null,
        skipXffAppend: !source.appendForwardedFor,
      });
      return detectBy('xff', 'xff.v3.XffConfig', xff);
    }
    case 'detectHeader':
      return detectBy('custom_header', 'custom_header.v3.CustomHeaderConfig', { headerName: source.name });
  }
}

function detectBy(name: string, type: string, fields: Message): Message {
  const detector = extension(
    `envoy.http.original_ip_detection.${name}`,
    `envoy.extensions.http.original_ip_detection.${type}`,
    fields,
  );
  return { useRemoteAddress: false, originalIpDetectionExtensions: [detector] };
}

function toCidr(addressPrefix: string, prefixLen: number): Message {
  return { addressPrefix, prefixLen };
}
