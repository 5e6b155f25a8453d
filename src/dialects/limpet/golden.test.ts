import { join } from 'node:path';
import { runGoldenCases } from '../../../test/support/golden-cases.ts';

runGoldenCases(join(import.meta.dirname, 'testdata'));
