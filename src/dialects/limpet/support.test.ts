import { join } from 'node:path';
import { checkSupportTable } from '../../../test/support/support-table.ts';
import { sessionPolicySpec } from './schema-session-policy.ts';

checkSupportTable(join(import.meta.dirname, 'support.md'), { SessionPolicy: sessionPolicySpec });
