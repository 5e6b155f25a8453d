import { text as readAll } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { AddressFormat } from '../affinity/strong/token-format.ts';
import { KeyRings } from '../affinity/token/key-ring.ts';
import { parseKeyRing } from '../affinity/token/key-ring-text.ts';
import type { TokenContent } from '../affinity/token/opened-token.ts';
import { isTokenShaped, keyIdOf, SealedTokens } from '../affinity/token/sealed-tokens.ts';
import { virtualHostsOf } from '../model/listener.ts';
import { KeyFileProblem, readKeyFile } from '../sources/session-keys/key-file.ts';
import { CommandFailure } from './command-failure.ts';
import {
  formatIstioHelp,
  istioOption,
  type OutputFlags,
  type PathFlags,
  pathOption,
  recursiveOption,
} from './common-options.ts';
import { print, printJson } from './output.ts';
import { readConfiguration } from './read-configuration.ts';
import { sessionKeysOf } from './state-folder.ts';

interface InspectFlags extends Omit<PathFlags, 'file'>, OutputFlags {
  readonly file?: readonly string[];
  readonly sessionKeys?: string;
}

/** What there is to say about a token; the times are ISO 8601. */
type Inspection =
  | { readonly kind: 'address'; readonly address: string; readonly expires: string | null }
  | { readonly kind: 'sealed'; readonly keyId: string; readonly opened: false; readonly why: string }
  | ({ readonly kind: 'sealed'; readonly keyId: string; readonly opened: true; readonly scope: string } & Times);

interface Times {
  readonly session: string;
  readonly pod: string;
  readonly issued: string;
  readonly lastUsed: string;
  readonly expires: string | null;
  readonly released: boolean;
}

/** `limpet token inspect`: what a token says, to whoever has the keys and the configuration. */
export function addTokenInspectCommand(token: Command): void {
  token
    .command('inspect')
    .description("say what a session token says; a sealed one needs its keys, and with -f its policy's configuration")
    .argument('<token>', "a cookie's or header's value; - reads it from standard input")
    .addOption(pathOption())
    .addOption(recursiveOption())
    .addOption(istioOption())
    .option('--session-keys <file>', 'the keys (default: those in the state folder)')
    .addOption(new Option('--output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .addHelpText('after', formatIstioHelp)
    .action(inspect);
}

async function inspect(argument: string, flags: InspectFlags): Promise<void> {
  const token = bareToken(argument === '-' ? await readAll(process.stdin) : argument);
  const inspection = isTokenShaped(token) ? await inspectSealed(token, flags) : inspectAddress(token);
  if (flags.output === 'json') printJson(inspection);
  else print(formatInspection(inspection));
  if (inspection.kind === 'sealed' && !inspection.opened) throw new CommandFailure(1, '');
}

/**
 * Without the names of the header and the cookie, quotes, attributes, and the application's own value behind it. Of
 * several cookies the first that has a sealed token.
 */
function bareToken(text: string): string {
  const sealed = text.split(/[\s;=:"~]+/).find(isTokenShaped);
  if (sealed !== undefined) return sealed;
  const [pair = ''] = text.trim().split(';');
  const [, value = pair] = /^[^=~]+=(?=.)(.+[^=].*)$/.exec(pair) ?? [];
  const [token = ''] = value.replaceAll('"', '').split('~');
  return token;
}

function inspectAddress(token: string): Inspection {
  const read = new AddressFormat().read(token);
  if (typeof read === 'string') throw new CommandFailure(1, 'this is no session token, neither sealed nor an address');
  const { endpoint, expiresSeconds } = read.content;
  return { kind: 'address', address: endpoint.text, expires: toTime(expiresSeconds) };
}

const NOTHING_KNOWN: KnownSessions = { keyRings: new Map(), scopes: [] };

async function inspectSealed(token: string, flags: InspectFlags): Promise<Inspection> {
  const keyId = keyIdOf(token);
  const closed = (why: string): Inspection => ({ kind: 'sealed', keyId, opened: false, why });
  const { keyRings, scopes } =
    flags.file === undefined ? NOTHING_KNOWN : await readSessions({ ...flags, file: flags.file });
  const rings = new KeyRings();
  for (const [name, text] of [...readKeys(flags.sessionKeys, keyRings.size > 0), ...keyRings]) {
    rings.get(name).replace(parseKeyRing(text));
  }
  const isKeyKnown = ['', ...keyRings.keys()].some((name) => rings.get(name).find(keyId) !== undefined);
  if (!isKeyKnown) return closed('its key is not among these session keys');
  if (scopes.length === 0) return closed('its policy is not known: give the configuration with -f');
  for (const { keyRing, scope } of scopes) {
    const content = new SealedTokens(rings.get(keyRing), scope, () => {}).open(token);
    if (typeof content === 'object') return { kind: 'sealed', keyId, opened: true, scope, ...describe(content) };
  }
  return closed('it is forged, or of a policy that is not in these files');
}

/** The default file may be missing where the configuration has keys of its own. */
function readKeys(named: string | undefined, mayBeMissing: boolean): ReadonlyMap<string, string> {
  const { path, isDefault } = sessionKeysOf(named);
  try {
    return new Map([['', readKeyFile(path)]]);
  } catch (error) {
    if (!(error instanceof KeyFileProblem)) throw error;
    if (isDefault && mayBeMissing) return new Map();
    throw new CommandFailure(1, error.message, { cause: error });
  }
}

/** What is known of the sessions that files configure. */
interface KnownSessions {
  /** Texts of the files' own key rings, by name. */
  readonly keyRings: ReadonlyMap<string, string>;
  readonly scopes: readonly { readonly keyRing: string; readonly scope: string }[];
}

async function readSessions({ file, recursive, istio }: PathFlags): Promise<KnownSessions> {
  const { snapshot, keyRings } = await readConfiguration(file, recursive, { translation: { istio } });
  const routes = (snapshot?.model.listeners ?? []).flatMap(virtualHostsOf).flatMap((host) => host.routes);
  const scopes = routes.flatMap(({ action }) => {
    if (action.kind !== 'forward' || action.affinity.kind !== 'strongSession') return [];
    const { token, scopes: ofTargets } = action.affinity.session;
    return token.kind === 'sealed' ? ofTargets.map((scope) => ({ keyRing: token.keyRing, scope })) : [];
  });
  return { keyRings, scopes };
}

function describe(content: TokenContent): Times {
  const { id, endpoint } = content;
  return {
    session: [id.hi, id.lo].map((half) => half.toString(16).padStart(8, '0')).join(''),
    pod: `${endpoint.kind} ${endpoint.text}`,
    issued: toTime(content.issuedSeconds) ?? '',
    lastUsed: toTime(content.lastUsedSeconds) ?? '',
    expires: toTime(content.expiresSeconds),
    released: content.released,
  };
}

function toTime(seconds: number): string | null {
  if (seconds === 0) return null;
  // A time that no calendar has is far away, which is all there is to know of it.
  return seconds > 8_640_000_000_000 ? 'never' : new Date(seconds * 1000).toISOString();
}

function formatInspection(inspection: Inspection): string {
  if (inspection.kind === 'address') {
    const expires = inspection.expires === null ? 'has no expiry' : `expires ${inspection.expires}`;
    return `address token: ${inspection.address}, ${expires}; any client can read and make one`;
  }
  const { keyId } = inspection;
  if (!inspection.opened) return `sealed token, key ${keyId}: ${inspection.why}`;
  const { session, pod, scope, issued, lastUsed, expires, released } = inspection;
  return [
    `sealed token, key ${keyId}`,
    `session    ${session}${released ? ', released' : ''}`,
    `pod        ${pod}`,
    `scope      ${scope}`,
    `issued     ${issued}`,
    `last used  ${lastUsed}`,
    `expires    ${expires ?? 'never'}`,
  ].join('\n');
}
