// Composes one subgraph, the file that is named, with two composers of two houses.
import { readFileSync } from 'node:fs';
import { parse } from 'graphql';
import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByGuild } from '@theguild/federation-composition';

const typeDefs = parse(readFileSync(process.argv[2], 'utf8'));
let failed = 0;
for (const [house, compose] of [['apollo', composeByApollo], ['guild', composeByGuild]]) {
  const { errors, supergraphSdl } = compose([{ name: 'hub', url: 'http://hub.example/', typeDefs }]);
  for (const error of errors ?? []) console.log(`${house}: ${error.message}`);
  failed += errors?.length ?? 0;
  if (!errors) console.log(`${house}: composed, ${supergraphSdl.length} characters`);
}
process.exit(failed ? 1 : 0);
