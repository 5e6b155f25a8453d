import assert from 'node:assert/strict';
import { mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../../test/support/temp-dir.ts';
import { findFiles } from './find-files.ts';

async function layOut(root: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(join(root, file, '..'), { recursive: true });
    await writeFile(join(root, file), `# ${file}\n`);
  }
}

async function namesIn(root: string, recursive = false, paths = [root]): Promise<string[]> {
  const found = await findFiles(paths, recursive);
  assert.deepEqual(found.diagnostics, []);
  return found.files.map((file) => relative(root, file.source));
}

describe('findFiles', () => {
  it('lists the manifests of a folder by name and leaves the rest alone', async () => {
    using folder = createTempDir();
    await layOut(folder.path, ['b.yml', 'a.yaml', 'c.json', 'README.md', '.hidden.yaml', 'a.yaml~', 'deeper/d.yaml']);
    assert.deepEqual(await namesIn(folder.path), ['a.yaml', 'b.yml', 'c.json']);
  });

  it('goes into folders only when it is recursive, and never into hidden ones', async () => {
    using folder = createTempDir();
    await layOut(folder.path, ['b.yaml', 'a/x.yaml', 'a/y/z.yaml', '.git/config.yaml']);
    assert.deepEqual(await namesIn(folder.path, true), ['a/x.yaml', 'a/y/z.yaml', 'b.yaml']);
  });

  it('reads a mounted ConfigMap once, through its visible links', async () => {
    using folder = createTempDir();
    await layOut(folder.path, ['..2024_01_01/a.yaml', '..2024_01_01/b.yaml']);
    await symlink('..2024_01_01', join(folder.path, '..data'));
    await symlink('..data/a.yaml', join(folder.path, 'a.yaml'));
    await symlink('..data/b.yaml', join(folder.path, 'b.yaml'));
    assert.deepEqual(await namesIn(folder.path), ['a.yaml', 'b.yaml']);
    assert.deepEqual(await namesIn(folder.path, true), ['a.yaml', 'b.yaml']);
  });

  it('lists a file that has several names by the first of them', async () => {
    using folder = createTempDir();
    await layOut(folder.path, ['a.yaml', 'deep/b.yaml']);
    await symlink(folder.path, join(folder.path, 'deep', 'loop'));
    await symlink('a.yaml', join(folder.path, 'same.yaml'));
    assert.deepEqual(await namesIn(folder.path, true), ['a.yaml', 'deep/b.yaml']);
    const twice = [join(folder.path, 'same.yaml'), folder.path];
    assert.deepEqual(await namesIn(folder.path, false, twice), ['same.yaml']);
  });

  it('takes a file that is named itself whatever its ending', async () => {
    using folder = createTempDir();
    await layOut(folder.path, ['manifest.txt']);
    assert.deepEqual(await namesIn(folder.path, false, [join(folder.path, 'manifest.txt')]), ['manifest.txt']);
  });

  it('reports a path that is not there, a link to nowhere, a device, and a folder without manifests', async () => {
    using folder = createTempDir();
    await symlink('nowhere.yaml', join(folder.path, 'broken.yaml'));
    await mkdir(join(folder.path, 'empty'));
    const paths = [join(folder.path, 'absent'), folder.path, '/dev/null', join(folder.path, 'empty')];
    const { files, diagnostics } = await findFiles(paths, false);
    assert.deepEqual(files, []);
    assert.deepEqual(
      diagnostics.map(({ severity, code, message, location }) => [severity, code, location.source, message]),
      [
        ['error', 'unreadable-source', paths[0], 'there is no such file or folder'],
        ['error', 'unreadable-source', join(folder.path, 'broken.yaml'), 'there is no such file or folder'],
        ['error', 'unreadable-source', '/dev/null', 'this is neither a file nor a folder'],
        ['warning', 'unreadable-source', paths[3], 'no *.yaml, *.yml or *.json is in this folder'],
      ],
    );
  });

  it('changes its fingerprint with whatever changes the texts', async () => {
    using folder = createTempDir();
    const file = join(folder.path, 'a.yaml');
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      seen.add((await findFiles([folder.path], false)).fingerprint);
    };
    await look();
    await layOut(folder.path, ['a.yaml']);
    await look();
    await look();
    assert.equal(seen.size, 2, 'a second look at the same files is the same');
    await writeFile(file, '# same length\n');
    await look();
    await utimes(file, 1, 1);
    await look();
    await writeFile(join(folder.path, '.new'), '# same length\n');
    await rename(join(folder.path, '.new'), file);
    await look();
    assert.equal(seen.size, 5);
  });
});
