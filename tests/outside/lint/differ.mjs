// Compares two schemas: differ.mjs released.graphql schema.graphql [PATH...]. Ends with 1 when clients
// break. The paths may be gone: they were announced to leave, and their day is over.
import { readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const [released, schema, ...left] = process.argv.slice(2);
const [before, after] = [released, schema].map((file) => buildSchema(readFileSync(file, 'utf8')));
const breaking = (await diff(before, after)).filter(
  ({ criticality, path }) =>
    criticality.level === CriticalityLevel.Breaking && !left.includes(path),
);
for (const change of breaking) console.log(`${change.path}: ${change.message}`);
console.log(`${breaking.length} breaking`);
process.exit(breaking.length ? 1 : 0);
