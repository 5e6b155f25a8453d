import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRequestView } from '../../test/support/request-view.ts';
import type { HeaderMatch, StringMatch } from '../model/route.ts';
import { compileHeaderMatch, compileQueryMatch } from './conditions.ts';

const exact = (value: string): StringMatch => ({ kind: 'exact', value, ignoreCase: false });

// Every expectation was observed on Envoy 1.40.
describe('compileHeaderMatch', () => {
  const ANSWERS: [what: string, match: Partial<HeaderMatch>, absent: boolean, same: boolean, other: boolean][] = [
    ['a value', { match: exact('1') }, false, true, false],
    ['a value, inverted', { match: exact('1'), invert: true }, false, false, true],
    ['a value, missing as empty', { match: exact(''), missingAsEmpty: true }, true, false, false],
    [
      'a value, inverted, missing as empty',
      { match: exact('1'), invert: true, missingAsEmpty: true },
      true,
      false,
      true,
    ],
    ['presence', { match: { kind: 'present' } }, false, true, true],
    ['absence', { match: { kind: 'present' }, invert: true }, true, false, false],
    ['presence, missing as empty', { match: { kind: 'present' }, missingAsEmpty: true }, true, true, true],
  ];
  for (const [what, match, absent, same, other] of ANSWERS) {
    it(`asks for ${what}`, () => {
      const condition = compileHeaderMatch(headerOf('x-a', match));
      assert.equal(condition(createRequestView({})), absent);
      assert.equal(condition(createRequestView({ headers: [['x-a', '1']] })), same);
      assert.equal(condition(createRequestView({ headers: [['x-a', '2']] })), other);
    });
  }

  it('takes one matching line of a repeated header, and inverted, none', () => {
    for (const name of ['x-a', 'cookie']) {
      const request = createRequestView({
        headers: [
          [name, '1'],
          ['other', 'x'],
          [name, '2'],
        ],
      });
      const answers = ['1', '2', '3', '1,2'].map((value) => [
        compileHeaderMatch(headerOf(name, { match: exact(value) }))(request),
        compileHeaderMatch(headerOf(name, { match: exact(value), invert: true }))(request),
      ]);
      assert.deepEqual(answers, [
        [true, false],
        [true, false],
        [false, true],
        [false, true],
      ]);
    }
  });

  it('joins the lines of a header that Envoy keeps as one value', () => {
    const request = createRequestView({
      headers: [
        ['via', '1'],
        ['via', '2'],
      ],
    });
    const answers = ['1', '2', '1,2'].map((value) =>
      compileHeaderMatch(headerOf('via', { match: exact(value) }))(request),
    );
    assert.deepEqual(answers, [false, false, true]);
  });

  it('sees pseudo-headers, and the host as one of them', () => {
    const request = createRequestView({ method: 'PUT', authority: 'h:81', path: '/g?x=1', scheme: 'https' });
    const values = { ':method': 'PUT', ':authority': 'h:81', host: 'h:81', ':path': '/g?x=1', ':scheme': 'https' };
    for (const [name, value] of Object.entries(values)) {
      assert.equal(compileHeaderMatch(headerOf(name, { match: exact(value) }))(request), true, name);
      assert.equal(compileHeaderMatch(headerOf(name, { match: exact('x') }))(request), false, name);
    }
  });
});

describe('compileQueryMatch', () => {
  const cases: [path: string, exactly: boolean, present: boolean][] = [
    ['/', false, false],
    ['/?', false, false],
    ['/?k=v', true, true],
    ['/?a=b&k=v', true, true],
    ['/?k=w&k=v', false, true],
    ['/?k', false, true],
    ['/?k=', false, true],
    ['/?kk=v', false, false],
    ['/?K=v', false, false],
    ['/?%6b=v', false, false],
    ['/?k=%76', false, true],
    ['/?x=?k=v', false, false],
    ['/?k=v=w', false, true],
    ['/?x;k=v', false, false],
    ['/?&&k=v&', true, true],
  ];
  for (const [path, exactly, present] of cases) {
    it(`reads ${path}`, () => {
      const request = createRequestView({ path });
      assert.equal(compileQueryMatch({ name: 'k', match: exact('v') })(request), exactly);
      assert.equal(compileQueryMatch({ name: 'k', match: { kind: 'present' } })(request), present);
    });
  }
});

function headerOf(name: string, rest: Partial<HeaderMatch>): HeaderMatch {
  return { name, match: { kind: 'present' }, invert: false, missingAsEmpty: false, ...rest };
}
