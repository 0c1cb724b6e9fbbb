// Compares two schemas: differ.mjs released.graphql schema.graphql. Ends with 1 when clients break.
import { readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const [before, after] = process.argv.slice(2).map((file) => buildSchema(readFileSync(file, 'utf8')));
const breaking = (await diff(before, after)).filter(
  ({ criticality }) => criticality.level === CriticalityLevel.Breaking,
);
for (const change of breaking) console.log(`${change.path}: ${change.message}`);
console.log(`${breaking.length} breaking`);
process.exit(breaking.length ? 1 : 0);
