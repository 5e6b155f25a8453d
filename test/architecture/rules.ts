import { type Import, importsOf, isTest, type SourceFile } from './source-tree.ts';

/**
 * The folders of src/ from the bottom up. A file may import from its own folder and from lines above its own here; the
 * folders of one line never meet, except on the last, where the program is put together. `dialects/*` stands for each
 * dialect's folder.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['diagnostics'],
  ['model'],
  ['affinity', 'http1', 'routing'],
  ['resources'],
  ['dialects/*'],
  ['sources', 'telemetry'],
  ['control'],
  ['gateway', 'xds', 'admin'],
  ['app.ts', 'app-types.ts', 'cli', 'lab'],
];
const TOP = LAYERS.length - 1;
const FIRST_WITH_IO = LAYERS.findIndex((layer) => layer.includes('sources'));

/** A package belongs to few folders, which wrap it for the others (docs/decisions/001-dependencies.md). */
const PACKAGE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  yaml: ['resources'],
  valibot: ['dialects/*', 'resources'],
  re2js: ['model'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  commander: ['cli'],
  chokidar: ['sources'],
};

const IO_MODULE = /^node:(fs|net|tls|https?|http2|dns|dgram|child_process|cluster|worker_threads|readline|timers)\b/;

const CLOCK_OR_CHANCE =
  /\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\brandom(?:Bytes|UUID|Int)\b/;

/** Lines a file may have without a comment in its first lines that begins `Long because`. */
export const MAX_FILE_LINES = 600;

/** The folder of src/ a file belongs to, as LAYERS names it but with the dialect's own name; null outside src/. */
export function areaOf(path: string): string | null {
  const [root, first, second, ...rest] = path.split('/');
  if (root !== 'src' || first === undefined) return null;
  return first === 'dialects' && rest.length > 0 ? `dialects/${second}` : first;
}

/** Imports that point up or sideways, each as a line that says what to do. */
export function findLayerViolations(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, { line, target }) => {
    const from = areaOf(file.path);
    if (from === null || target === null) return null;
    const where = `${file.path}:${line}`;
    const to = areaOf(target);
    if (to === null) return `${where} imports ${target}, which is not part of the product`;
    if (from === to) return null;
    const rank = layerOf(from);
    if (rank < 0) return `${where}: folder src/${from} has no layer; give it one in test/architecture/rules.ts`;
    const targetRank = layerOf(to);
    if (targetRank < 0) return `${where}: folder src/${to} has no layer; give it one in test/architecture/rules.ts`;
    if (targetRank < rank || (rank === TOP && targetRank === TOP)) return null;
    const how = targetRank === rank ? 'siblings never meet' : 'imports only point down';
    return `${where}: ${from} imports ${to} (${target}), but ${how}; see docs/architecture.md`;
  });
}

/** Envoy is the independent second implementation of our picks, which is only so while xds/ shares no code with affinity/. */
export function findXdsViolations(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, { line, target }) =>
    areaOf(file.path) === 'xds' && target !== null && areaOf(target) === 'affinity'
      ? `${file.path}:${line}: xds never imports affinity, so that the differential tests are honest`
      : null,
  );
}

/** I/O below sources/, and packages used outside the folders that own them. */
export function findModuleViolations(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, { line, specifier, target }) => {
    const area = areaOf(file.path);
    if (area === null || target !== null) return null;
    const where = `${file.path}:${line}`;
    const rank = layerOf(area);
    if (rank < FIRST_WITH_IO && IO_MODULE.test(specifier))
      return `${where}: ${area} is pure, it can't import ${specifier}`;
    if (specifier.startsWith('node:')) return null;
    const owners = PACKAGE_OWNERS[packageOf(specifier)];
    if (owners === undefined)
      return `${where}: ${specifier} is no dependency with an owner (docs/decisions/001-dependencies.md)`;
    return owners.some((owner) => isIn(area, owner))
      ? null
      : `${where}: only ${owners.join(' and ')} import ${specifier} (docs/decisions/001-dependencies.md)`;
  });
}

/** Clocks and chance in affinity/ and routing/, whose answers depend on their arguments alone. */
export function findImpurities(files: readonly SourceFile[]): string[] {
  return eachLine(files, (file, text, line) => {
    const area = areaOf(file.path);
    if (isTest(file) || (area !== 'affinity' && area !== 'routing')) return null;
    const found = CLOCK_OR_CHANCE.exec(stripComment(text));
    return found === null
      ? null
      : `${file.path}:${line}: ${area} takes time and chance as arguments, it can't use ${found[0]}`;
  });
}

export function findDefaultExports(files: readonly SourceFile[]): string[] {
  return eachLine(files, (file, text, line) =>
    /^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas default\b/.test(text)
      ? `${file.path}:${line}: a default export has no name of its own; export it by name`
      : null,
  );
}

export function findLongFiles(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const lines = file.text.split('\n');
    const hasReason = lines.slice(0, 15).some((line) => /^\s*(?:\/\/|\/?\*+)\s*Long because /.test(line));
    if (lines.length <= MAX_FILE_LINES || hasReason) return [];
    return [`${file.path} has ${lines.length} lines; split it, or say in its first lines "Long because ..."`];
  });
}

function layerOf(area: string): number {
  return LAYERS.findIndex((layer) => layer.some((entry) => isIn(area, entry)));
}

function isIn(area: string, entry: string): boolean {
  return entry.endsWith('/*') ? area.startsWith(entry.slice(0, -1)) : area === entry;
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

function stripComment(line: string): string {
  return /^\s*(?:\*|\/\*)/.test(line) ? '' : line.replace(/(?:^|\s)\/\/.*$/, '');
}

function eachImport(files: readonly SourceFile[], check: (file: SourceFile, found: Import) => string | null): string[] {
  return files
    .filter((file) => !isTest(file))
    .flatMap((file) => importsOf(file).map((found) => check(file, found)))
    .filter((problem) => problem !== null);
}

function eachLine(
  files: readonly SourceFile[],
  check: (file: SourceFile, text: string, line: number) => string | null,
): string[] {
  return files
    .flatMap((file) => file.text.split('\n').map((text, index) => check(file, text, index + 1)))
    .filter((problem) => problem !== null);
}
