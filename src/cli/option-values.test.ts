import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { DEFAULT_GATEWAY_LIMITS } from '../gateway/limits.ts';
import {
  parseAccessLog,
  parseAdminAddress,
  parseBindAddress,
  parseHeader,
  parseHostAndPort,
  parseHttpUrl,
  parseIstioOption,
  parseLimit,
  parsePortMapping,
  parseReplicas,
  parseSecondsToMillis,
  parseTrustedHops,
  parseWorkers,
} from './option-values.ts';

function refuses<Value>(parse: (text: string) => Value, texts: readonly string[]): void {
  for (const text of texts) assert.throws(() => parse(text), InvalidArgumentError, JSON.stringify(text));
}

describe('parseLimit', () => {
  it('adds one limit to those before it', () => {
    const first = parseLimit('head-timeout=10s', DEFAULT_GATEWAY_LIMITS);
    assert.deepEqual(parseLimit('header-count=7', first), {
      ...DEFAULT_GATEWAY_LIMITS,
      headTimeoutMillis: 10_000,
      http1: { ...DEFAULT_GATEWAY_LIMITS.http1, maxHeaderCount: 7 },
    });
  });

  it('refuses what is no limit', () => {
    refuses((text) => parseLimit(text, DEFAULT_GATEWAY_LIMITS), ['', 'head-bytes', '=1', 'heads=1', 'head-bytes=1s']);
  });
});

describe('parseIstioOption', () => {
  it('adds one setting to those before it', () => {
    const first = parseIstioOption('namespace=edge', {});
    const second = parseIstioOption('labels=istio=edge,app=shop', first);
    assert.deepEqual(second, { namespace: 'edge', labels: { istio: 'edge', app: 'shop' } });
    assert.deepEqual(first, { namespace: 'edge' });
  });

  it('refuses what is no setting', () => {
    refuses((text) => parseIstioOption(text, {}), ['', 'namespace', '=edge', 'namespaces=edge', 'namespace=Edge']);
  });
});

describe('parseTrustedHops', () => {
  it('reads a small number', () => {
    assert.equal(parseTrustedHops('0'), 0);
    assert.equal(parseTrustedHops('2'), 2);
    refuses(parseTrustedHops, ['', '-1', '1.5', '100', 'x']);
  });
});

describe('parsePortMapping', () => {
  it('adds one pair to those before it', () => {
    const first = parsePortMapping('80=18080', new Map());
    assert.deepEqual(
      [...parsePortMapping('443=0', first)],
      [
        [80, 18_080],
        [443, 0],
      ],
    );
    assert.deepEqual([...first], [[80, 18_080]]);
  });

  it('refuses what is no pair of ports, and a port that is given twice', () => {
    refuses(
      (text) => parsePortMapping(text, new Map()),
      ['80', '80:81', '0=80', '65536=80', '80=65536', 'a=b', '80=', '-1=2'],
    );
    refuses((text) => parsePortMapping(text, new Map([[80, 1]])), ['80=2']);
  });
});

describe('parseHostAndPort', () => {
  it('reads names, addresses, a port alone and the beginning of a URL', () => {
    const port = 15_000;
    assert.deepEqual(parseHostAndPort('127.0.0.1:15000'), { host: '127.0.0.1', port });
    assert.deepEqual(parseHostAndPort('[::1]:15000'), { host: '::1', port });
    assert.deepEqual(parseHostAndPort('http://localhost:15000/'), { host: 'localhost', port });
    assert.deepEqual(parseHostAndPort('15000'), { host: '127.0.0.1', port });
  });

  it('refuses everything else', () => {
    refuses(parseHostAndPort, [
      '',
      'localhost',
      ':80',
      '::1:80',
      '[::1]',
      '[localhost]:80',
      'a b:80',
      'a:99999',
      'a:b',
    ]);
  });
});

describe('parseAdminAddress', () => {
  it('knows off', () => assert.equal(parseAdminAddress('off'), 'off'));
});

describe('parseBindAddress', () => {
  it('wants an IP address', () => {
    assert.deepEqual(['127.0.0.1', '::', '0.0.0.0'].map(parseBindAddress), ['127.0.0.1', '::', '0.0.0.0']);
    refuses(parseBindAddress, ['localhost', '127.0.0.1:80', '', '[::]']);
  });
});

describe('parseAccessLog', () => {
  it('tells the two words from a path', () => {
    assert.deepEqual(parseAccessLog('stdout'), { kind: 'stdout' });
    assert.deepEqual(parseAccessLog('off'), { kind: 'off' });
    assert.deepEqual(parseAccessLog('./stdout'), { kind: 'file', path: './stdout' });
    refuses(parseAccessLog, ['']);
  });
});

describe('parseHeader', () => {
  it('takes a line as curl does', () => {
    const first = parseHeader('Cookie: a=1; b=2', []);
    assert.deepEqual(parseHeader('x-empty:', first), [
      ['Cookie', 'a=1; b=2'],
      ['x-empty', ''],
    ]);
    assert.deepEqual(parseHeader('host:a:80', []), [['host', 'a:80']]);
  });

  it('refuses a line without a name, and more than a line', () => {
    refuses((text) => parseHeader(text, []), ['', 'cookie', ': a', 'a b: c', 'a: b\nc: d', 'a: \0']);
  });
});

describe('parseHttpUrl', () => {
  it('wants a whole URL', () => {
    assert.equal(parseHttpUrl('http://a/b?c'), 'http://a/b?c');
    refuses(parseHttpUrl, ['', '/a', 'a', 'a.example/b', 'file:///a', 'localhost:80/']);
  });
});

describe('parseReplicas', () => {
  it('takes numbers that a lab can run', () => {
    assert.deepEqual(['0', '3', '50'].map(parseReplicas), [0, 3, 50]);
    refuses(parseReplicas, ['', '-1', '51', '1.5', 'three', '1e1']);
  });
});

describe('parseSecondsToMillis', () => {
  it('gives milliseconds', () => {
    assert.equal(parseSecondsToMillis('30'), 30_000);
    refuses(parseSecondsToMillis, ['', '-1', '1s']);
  });
});

describe('parseWorkers', () => {
  it('takes whole numbers from 1', () => assert.deepEqual(['1', '64', '1024'].map(parseWorkers), [1, 64, 1024]));

  it('refuses all else', () => {
    for (const text of ['0', '-1', '1.5', '1025', '', 'auto', '1e3']) assert.throws(() => parseWorkers(text), /from 1/);
  });
});
