import { join } from 'node:path';
import { checkSupportTable } from '../../../test/support/support-table.ts';
import { destinationRuleSpec } from './schema-destination-rule.ts';
import { gatewaySpec } from './schema-gateway.ts';
import { serviceEntrySpec, workloadEntrySpec } from './schema-service-entry.ts';
import { virtualServiceSpec } from './schema-virtual-service.ts';

checkSupportTable(join(import.meta.dirname, 'support.md'), {
  Gateway: gatewaySpec,
  VirtualService: virtualServiceSpec,
  DestinationRule: destinationRuleSpec,
  ServiceEntry: serviceEntrySpec,
  WorkloadEntry: workloadEntrySpec,
});
