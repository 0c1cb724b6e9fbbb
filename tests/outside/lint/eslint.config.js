// graphql-eslint: its recommended rules for schemas, and all of its rules for Relay.
import { readFileSync } from 'node:fs';
import graphqlPlugin from '@graphql-eslint/eslint-plugin';
import { buildSchema, isObjectType } from 'graphql';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
// What can be asked for by its id implements Node. Everything else is a value, a payload or a
// refusal: to give it an id would promise that it can be asked for.
const values = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.getInterfaces().some(({ name }) => name === 'Node'))
  .map(({ name }) => name);

const recommended = graphqlPlugin.configs['flat/schema-recommended'].rules;
const [, naming] = recommended['@graphql-eslint/naming-convention'];
// The specification of Federation names these: _Any, _Entity, _Service, _entities, _service.
const unless = { ignorePattern: '^_(Any|Entity|Service|entities|service)$' };

export default [
  {
    files: ['schema.graphql'],
    languageOptions: {
      parser: graphqlPlugin.parser,
      parserOptions: { graphQLConfig: { schema: './schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphqlPlugin },
    rules: {
      ...recommended,
      ...graphqlPlugin.configs['flat/schema-relay'].rules,
      '@graphql-eslint/naming-convention': [
        'error',
        {
          ...naming,
          types: { style: 'PascalCase', ...unless },
          FieldDefinition: { style: 'camelCase', ...unless },
          allowLeadingUnderscore: true,
        },
      ],
      '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { types: values } }],
      // Short lists that cannot grow are lists, not connections; what is in an edge may be a value.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
      '@graphql-eslint/input-name': [
        'error',
        { checkInputType: true, caseSensitiveInputType: false },
      ],
    },
  },
];
