import type { Cidr, ClientAddressPolicy, ClientAddressSource } from '../../../../src/model/listener.ts';
import { type Fields, NotUnderstood } from '../fields.ts';

/** The client address settings of an HTTP connection manager. */
export function parseConnectionManager(fields: Fields): ClientAddressPolicy {
  fields.ignore('proxy_100_continue', 'stat_prefix', 'codec_type', 'server_name', 'via', 'access_log');
  const generates = fields.booleanOr('generate_request_id', true);
  const preserves = fields.booleanOr('preserve_external_request_id', false);
  const scheme = fields.objectOrEmpty('scheme_header_transformation').stringOr('scheme_to_overwrite', null);
  if (scheme !== null && scheme !== 'http' && scheme !== 'https') throw new NotUnderstood(`scheme ${scheme}`);
  const policy: ClientAddressPolicy = {
    source: parseSource(fields),
    internalCidrs: fields.objectOrEmpty('internal_address_config').objects('cidr_ranges').map(parseCidr),
    requestId: !generates ? 'off' : preserves ? 'preserve' : 'generate',
    requestIdInResponse: fields.booleanOr('always_set_request_id_in_response', false),
    scheme,
  };
  fields.end();
  return policy;
}

function parseSource(fields: Fields): ClientAddressSource {
  const trustedHops = fields.numberOr('xff_num_trusted_hops', 0);
  const appendForwardedFor = !fields.booleanOr('skip_xff_append', false);
  const usesRemoteAddress = fields.booleanOr('use_remote_address', false);
  const extensions = fields.objects('original_ip_detection_extensions');
  if (extensions.length > 1) throw new NotUnderstood('several original_ip_detection_extensions');
  const [extension] = extensions;
  if (extension !== undefined) return parseDetection(extension);
  if (usesRemoteAddress) return { kind: 'remoteAddress', trustedHops, appendForwardedFor };
  return { kind: 'forwardedFor', trustedHops };
}

function parseDetection(extension: Fields): ClientAddressSource {
  const config = extension.object('typed_config');
  const type = config.string('@type');
  const source = parseDetectionConfig(type.slice(type.lastIndexOf('.') + 1), config);
  config.end();
  return source;
}

function parseDetectionConfig(type: string, config: Fields): ClientAddressSource {
  if (type === 'CustomHeaderConfig') return { kind: 'detectHeader', name: config.string('header_name').toLowerCase() };
  if (type !== 'XffConfig') throw new NotUnderstood(`original ip detection ${type}`);
  const hops = config.numberOr('xff_num_trusted_hops', 0);
  const cidrs = config.has('xff_trusted_cidrs')
    ? config.object('xff_trusted_cidrs').objects('cidrs').map(parseCidr)
    : null;
  const appendForwardedFor = !config.booleanOr('skip_xff_append', true);
  return { kind: 'detectForwardedFor', trust: cidrs === null ? { hops } : { cidrs }, appendForwardedFor };
}

function parseCidr(fields: Fields): Cidr {
  const cidr = { address: fields.string('address_prefix'), prefixLength: fields.numberOr('prefix_len', 0) };
  fields.end();
  return cidr;
}
