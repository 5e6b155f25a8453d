import { join } from 'node:path';
import { checkSupportTable } from '../../../test/support/support-table.ts';
import { gatewayClassSpec, gatewaySpec, referenceGrantSpec } from './schema-gateway.ts';
import { httpRouteSpec } from './schema-http-route.ts';

checkSupportTable(join(import.meta.dirname, 'support.md'), {
  GatewayClass: gatewayClassSpec,
  Gateway: gatewaySpec,
  HTTPRoute: httpRouteSpec,
  ReferenceGrant: referenceGrantSpec,
});
