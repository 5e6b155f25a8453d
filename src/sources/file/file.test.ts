import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../../test/support/temp-dir.ts';
import { createFileSource, type FileSource, type FileSourceOptions } from './file.ts';

describe('FileSource.read', () => {
  it('gives the texts with the names their user knows them by', async () => {
    using folder = createTempDir();
    await writeFile(join(folder.path, 'a.yaml'), '\u{feff}a: ä\n');
    await writeFile(join(folder.path, 'b.json'), '{}');
    const content = await createFileSource([folder.path]).read();
    assert.deepEqual(content, {
      texts: [
        { source: join(folder.path, 'a.yaml'), text: 'a: ä\n' },
        { source: join(folder.path, 'b.json'), text: '{}' },
      ],
      diagnostics: [],
    });
  });

  it('reports what is too large or no text, and reads the rest', async () => {
    using folder = createTempDir();
    await writeFile(join(folder.path, 'binary.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
    await writeFile(join(folder.path, 'good.yaml'), 'a: 1\n');
    await writeFile(join(folder.path, 'large.yaml'), 'x'.repeat(101));
    assert.deepEqual(await namesAndMessages({ maxFileBytes: 100 }, folder.path), [
      ['good.yaml'],
      ['this file is not UTF-8 text', 'this file is larger than 100 bytes'],
    ]);
  });

  it('keeps within a bound for all files together', async () => {
    using folder = createTempDir();
    for (const name of ['a', 'b', 'c']) await writeFile(join(folder.path, `${name}.yaml`), 'x'.repeat(40));
    const [names, messages] = await namesAndMessages({ maxTotalBytes: 100 }, folder.path);
    assert.deepEqual(names, ['a.yaml', 'b.yaml']);
    assert.equal(messages?.length, 1);
  });

  it('waits for a file that is being written', async () => {
    using folder = createTempDir();
    const file = join(folder.path, 'a.yaml');
    await writeFile(file, 'first: 1\n');
    const source = createFileSource([folder.path]);
    await source.read();
    await writeFile(file, '');
    const reading = source.read();
    await writeFile(file, 'second: 2\n');
    assert.equal((await reading).texts[0]?.text, 'second: 2\n');
  });
});

async function namesAndMessages(options: FileSourceOptions, folder: string): Promise<string[][]> {
  const { texts, diagnostics } = await createFileSource([folder], options).read();
  return [
    texts.map((text) => text.source.slice(folder.length + 1)),
    diagnostics.map((diagnostic) => diagnostic.message),
  ];
}

/** Does something to the files and waits until the source has noticed; gives the texts and how long it took. */
async function change(
  source: FileSource,
  act: () => Promise<void>,
): Promise<{ texts: Record<string, string>; millis: number }> {
  const noticed = Promise.withResolvers<void>();
  await source.read();
  await using _watch = source.watch(noticed.resolve);
  await act();
  const startedAt = performance.now();
  await noticed.promise;
  const millis = performance.now() - startedAt;
  const { texts } = await source.read();
  return { texts: Object.fromEntries(texts.map(({ source: name, text }) => [name.split('/').at(-1), text])), millis };
}

describe('FileSource.watch', { timeout: 20_000 }, () => {
  it('notices an edit, an addition and a removal', async () => {
    using folder = createTempDir();
    const file = join(folder.path, 'a.yaml');
    await writeFile(file, 'a: 1\n');
    const source = createFileSource([folder.path]);
    const edited = await change(source, () => writeFile(file, 'a: 2\n'));
    assert.deepEqual(edited.texts, { 'a.yaml': 'a: 2\n' });
    const added = await change(source, () => writeFile(join(folder.path, 'b.yaml'), 'b: 1\n'));
    assert.deepEqual(added.texts, { 'a.yaml': 'a: 2\n', 'b.yaml': 'b: 1\n' });
    const removed = await change(source, () => unlink(file));
    assert.deepEqual(removed.texts, { 'b.yaml': 'b: 1\n' });
    // The promise is a second for the whole way to the gateway; the margin is for a busy machine.
    for (const { millis } of [edited, added, removed]) assert.ok(millis < 1000, `${millis} ms`);
  });

  it('notices a save by rename, of a folder and of a file that is named itself', async () => {
    using folder = createTempDir();
    const file = join(folder.path, 'a.yaml');
    for (const path of [folder.path, file]) {
      await writeFile(file, 'a: 1\n');
      const { texts } = await change(createFileSource([path]), async () => {
        await writeFile(join(folder.path, '.a.yaml.tmp'), 'a: 3\n');
        await rename(join(folder.path, '.a.yaml.tmp'), file);
      });
      assert.deepEqual(texts, { 'a.yaml': 'a: 3\n' });
    }
  });

  it('notices the swap of a mounted ConfigMap, as a folder and by one of its files', async () => {
    using folder = createTempDir();
    await symlink('..data/a.yaml', join(folder.path, 'a.yaml'));
    await symlink('..data/b.yaml', join(folder.path, 'b.yaml'));
    await mountConfigMap(folder.path, '..1', 'one');
    const whole = createFileSource([folder.path]);
    const { texts } = await change(whole, () => mountConfigMap(folder.path, '..2', 'two'));
    assert.deepEqual(texts, { 'a.yaml': 'two a\n', 'b.yaml': 'two b\n' });
    const single = createFileSource([join(folder.path, 'a.yaml')]);
    assert.deepEqual((await change(single, () => mountConfigMap(folder.path, '..3', 'three'))).texts, {
      'a.yaml': 'three a\n',
    });
  });

  it('notices what appears at a path that was not there', async () => {
    using folder = createTempDir();
    const later = join(folder.path, 'not', 'yet');
    const { texts } = await change(createFileSource([later]), async () => {
      await mkdir(later, { recursive: true });
      await writeFile(join(later, 'a.yaml'), 'a: 1\n');
    });
    // The folder may be noticed before the file in it.
    if (Object.keys(texts).length > 0) assert.deepEqual(texts, { 'a.yaml': 'a: 1\n' });
  });

  it('notices changes behind symbolic links, where the system reports none', async () => {
    using folder = createTempDir();
    using elsewhere = createTempDir();
    await writeFile(join(elsewhere.path, 'a.yaml'), 'a: 1\n');
    await symlink(join(elsewhere.path, 'a.yaml'), join(folder.path, 'a.yaml'));
    const source = createFileSource([folder.path]);
    const { texts, millis } = await change(source, () => writeFile(join(elsewhere.path, 'a.yaml'), 'a: 2\n'));
    assert.deepEqual(texts, { 'a.yaml': 'a: 2\n' });
    assert.ok(millis < 1000, `${millis} ms`);
  });

  it('reports many changes at once as one', async () => {
    using folder = createTempDir();
    await writeFile(join(folder.path, 'a.yaml'), 'a: 0\n');
    const source = createFileSource([folder.path]);
    await source.read();
    let calls = 0;
    let noticed = Promise.withResolvers<void>();
    await using _watch = source.watch(() => {
      calls++;
      noticed.resolve();
    });
    for (let i = 0; i < 50; i++) await writeFile(join(folder.path, `file-${i}.yaml`), `a: ${i}\n`);
    await noticed.promise;
    assert.equal((await source.read()).texts.length, 51);
    const before = calls;
    noticed = Promise.withResolvers();
    await writeFile(join(folder.path, 'a.yaml'), 'a: 1\n');
    await noticed.promise;
    assert.ok(before <= 3, `${before} calls for 50 changes`);
    assert.equal(calls, before + 1);
  });

  it('stays silent about files that do not count', async () => {
    using folder = createTempDir();
    await writeFile(join(folder.path, 'a.yaml'), 'a: 1\n');
    const source = createFileSource([folder.path]);
    let calls = 0;
    const { texts } = await change(
      {
        ...source,
        watch: (onChange) =>
          source.watch(() => {
            calls++;
            onChange();
          }),
      },
      async () => {
        await writeFile(join(folder.path, 'notes.txt'), 'x');
        await writeFile(join(folder.path, '.a.yaml.swp'), 'x');
        await writeFile(join(folder.path, 'a.yaml'), 'a: 2\n');
      },
    );
    assert.deepEqual([calls, texts], [1, { 'a.yaml': 'a: 2\n' }]);
  });
});

/** What the kubelet does: a new folder, a new link beside `..data`, renamed over it; then the old folder goes. */
async function mountConfigMap(mount: string, version: string, text: string): Promise<void> {
  await mkdir(join(mount, version));
  await writeFile(join(mount, version, 'a.yaml'), `${text} a\n`);
  await writeFile(join(mount, version, 'b.yaml'), `${text} b\n`);
  await symlink(version, join(mount, '..data_tmp'));
  await rename(join(mount, '..data_tmp'), join(mount, '..data'));
  await rm(join(mount, `..${Number(version.slice(2)) - 1}`), { recursive: true, force: true });
}
