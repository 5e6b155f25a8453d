import { Hash64 } from '../../../../src/affinity/hash64.ts';
import { murmurHash2 } from '../../../../src/affinity/murmur-hash.ts';
import { xxHash64 } from '../../../../src/affinity/xx-hash.ts';
import { toByteString } from '../../../../src/model/byte-string.ts';
import { asList } from '../fields.ts';
import type { Replayer } from '../recording.ts';

const WORD = 0xffffffffn;

/** `[text, seed, digest]` */
export const xxHashReplayer: Replayer = {
  kinds: ['xxhash64'],
  looksLike: (sample) => Array.isArray(sample) && sample.length === 3,
  replay: ({ cases }, tally) => {
    const hash = new Hash64();
    const seed = new Hash64();
    for (const [index, item] of cases.entries()) {
      tally.case(`case ${index + 1}`, () => {
        const [text, decimal, digest] = asList(item, 'case');
        const wide = BigInt(String(decimal));
        seed.set(Number(wide >> 32n), Number(wide & WORD));
        tally.check('digest', xxHash64(toByteString(String(text)), hash, seed).toHex(), digest);
      });
    }
  },
};

/** `[text, digest]` */
export const murmurReplayer: Replayer = {
  kinds: ['murmur2_64', 'murmur2'],
  looksLike: (sample) => Array.isArray(sample) && sample.length === 2,
  replay: ({ cases }, tally) => {
    const hash = new Hash64();
    for (const [index, item] of cases.entries()) {
      tally.case(`case ${index + 1}`, () => {
        const [text, digest] = asList(item, 'case');
        tally.check('digest', murmurHash2(toByteString(String(text)), hash).toHex(), digest);
      });
    }
  },
};
