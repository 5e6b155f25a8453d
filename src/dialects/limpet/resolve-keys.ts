import { KeyRingTextError, parseKeyRing } from '../../affinity/token/key-ring-text.ts';
import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { readSecret } from '../../resources/kubernetes/secret.ts';
import type { Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { SessionPolicySpec } from './schema-session-policy.ts';

/** A key ring as the model has it: its name and the ids of its keys, and nothing of the keys. */
export interface KeyRingRef {
  /** Empty: the ring that the process was started with. */
  readonly keyRing: string;
  readonly keyIds: readonly string[];
}

/** The ring that the process was started with. */
const OWN_KEY_RING: KeyRingRef = { keyRing: '', keyIds: [] };

/** The same text as that of a key file (decision 070). */
const SECRET_KEY = 'keys.json';

/**
 * The ring that a policy seals with, which then is in `keyRings`. null, with a diagnostic, where the Secret is not there
 * or holds no ring: that holds a reload back, because sealing with other keys would end every session (decision 078).
 */
export function resolveKeys(
  policy: Resource,
  spec: SessionPolicySpec,
  resources: ResourceSet,
  keyRings: Map<string, string>,
  sink: DiagnosticSink,
): KeyRingRef | null {
  if (spec.keys === null || spec.token === 'address') return OWN_KEY_RING;
  const { namespace } = policy.metadata;
  const { name } = spec.keys.secretRef;
  const help = `Until it is mended, SessionPolicy ${policy.metadata.name} is left out.`;
  const secret = resources.get('', 'Secret', namespace, name);
  if (secret === undefined) {
    const at = policy.position(['spec', 'keys', 'secretRef', 'name']);
    sink.report('error', 'invalid-field', at, `there is no Secret ${namespace}/${name} with session keys`, help);
    return null;
  }
  const found = readSecret(secret, SECRET_KEY);
  if (found.kind === 'problem') {
    sink.report('error', 'invalid-field', secret.position(found.path, 'key'), found.message, help);
    return null;
  }
  try {
    const keyIds = parseKeyRing(found.text).map(({ id }) => id);
    const keyRing = `secret:${namespace}/${name}`;
    keyRings.set(keyRing, found.text);
    return { keyRing, keyIds: keyIds.toSorted() };
  } catch (error) {
    if (!(error instanceof KeyRingTextError)) throw error;
    const message = `Secret ${namespace}/${name} has no session keys in ${SECRET_KEY}: ${error.message}`;
    sink.report('error', 'invalid-field', secret.position(found.path, 'key'), message, help);
    return null;
  }
}
