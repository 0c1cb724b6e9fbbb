// A supergraph without containers: the suite's two subgraphs and ours, composed and served.
// PRODUCTS_URL names ours. The suite's tests look for the router at port 4000.
import { readFileSync } from 'node:fs';
import { parse } from 'graphql';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { composeServices } from '@theguild/federation-composition';

const suite = 'node_modules/@apollo/federation-subgraph-compatibility-tests/dist/subgraphs';
const products = process.env.PRODUCTS_URL;
const answer = await fetch(products, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ _service { sdl } }' }),
});
const read = (name) => parse(readFileSync(`${suite}/${name}/${name}.graphql`, 'utf8'));
const { errors, supergraphSdl } = composeServices([
  { name: 'products', url: products, typeDefs: parse((await answer.json()).data._service.sdl) },
  { name: 'users', url: 'http://127.0.0.1:4002/', typeDefs: read('users') },
  { name: 'inventory', url: 'http://127.0.0.1:4003/', typeDefs: read('inventory') },
]);
if (errors) {
  console.error(errors.map((error) => error.message).join('\n'));
  process.exit(2);
}
const gateway = new ApolloGateway({
  supergraphSdl,
  buildService: ({ url }) => new RemoteGraphQLDataSource({ url }),
});
const server = new ApolloServer({ gateway });
await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 4000 } });
console.log('router is up');
