// Writes src/generated.ts: a type for every input, answer and refusal of src/operations.graphql.
// HUB_SCHEMA names the schema; without it, the one of this repository is taken.
import { readFile, writeFile } from 'node:fs/promises';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse, printSchema } from 'graphql';

const text = (path) => readFile(new URL(path, import.meta.url), 'utf8');
const sdl = process.env.HUB_SCHEMA
  ? await readFile(process.env.HUB_SCHEMA, 'utf8')
  : await text('../../../schema/schema.graphql');
const documents = parse(await text('src/operations.graphql'));

// Points fit a number of JavaScript exactly: one operation moves at most 10^12 of them. Amounts are
// texts, because no digit of them may be lost.
const scalars = {
  ID: 'string',
  Points: 'number',
  Decimal: 'string',
  DateTime: 'string',
};

const written = await codegen({
  filename: 'src/generated.ts',
  schema: parse(printSchema(buildSchema(sdl))),
  documents: [{ location: 'src/operations.graphql', document: documents }],
  config: {
    documentMode: 'string',
    enumsAsTypes: true,
    immutableTypes: true,
    scalars,
    useTypeImports: true,
  },
  plugins: [{ operations: {} }, { typedDocumentNode: {} }],
  pluginMap: { operations, typedDocumentNode },
});
await writeFile(new URL('src/generated.ts', import.meta.url), written);
