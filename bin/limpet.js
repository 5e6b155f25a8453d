#!/usr/bin/env node
// Starts the command line: from dist/ in an installed package, straight from the sources in a checkout.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`limpet needs Node 24 or later, this is ${process.version}. In a checkout: npx limpet ...`);
  process.exit(2);
}
// Parsing the sources costs more than most commands do; the compiled form is kept between calls.
nodeModule.enableCompileCache?.();
const source = new URL('../src/cli/limpet.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli/limpet.js', import.meta.url).href);
