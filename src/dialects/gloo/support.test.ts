import { join } from 'node:path';
import { checkSupportTable } from '../../../test/support/support-table.ts';
import { routeOptionSpec } from './schema-route-option.ts';
import { upstreamSpec } from './schema-upstream.ts';

checkSupportTable(join(import.meta.dirname, 'support.md'), { Upstream: upstreamSpec, RouteOption: routeOptionSpec });
